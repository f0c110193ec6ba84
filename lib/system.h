// The store as a whole: what it holds, what is wrong with it, what may go.
#pragma once

#include "lib/containers.h"
#include "lib/engine.h"
#include "lib/images.h"
#include "lib/run.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace lib {

/// One line of `ctl system df`. Sizes are bytes on disk (allocated blocks, hard links once).
struct UsageLine {
    std::string type; ///< Images, Containers, Local Volumes, Artifacts, Other (UsageDetails::OfOther)
    std::size_t total = 0;
    std::size_t active = 0; ///< in use: images of containers, containers that run, volumes of containers
    std::uint64_t size = 0;
    std::uint64_t reclaimable = 0;
};

/// The lines account for every byte below the data root. Needs the user namespace: files of subordinate ids count too.
std::vector<UsageLine> disk_usage(Engine& engine);

/// `ctl system df --verbose`: each image, container, volume and artifact. Bytes on disk, as above.
struct UsageDetails {
    struct OfImage {
        ImageSummary image;
        std::uint64_t size = 0;       ///< of its layers
        std::uint64_t shared = 0;     ///< of those that other images have, too
        std::size_t containers = 0;   ///< made of it
    };
    struct OfContainer {
        ContainerSummary container;
        std::uint64_t size = 0;       ///< what it wrote, its log and its records
        std::size_t volumes = 0;
    };
    struct OfVolume {
        std::string name;
        std::size_t containers = 0;   ///< that have it
        std::uint64_t size = 0;
    };
    std::vector<OfImage> images;
    std::vector<OfContainer> containers;
    struct OfArtifact {
        std::string name;
        std::uint64_t size = 0;       ///< of its blobs
        std::uint64_t shared = 0;     ///< of those that other artifacts need, too
    };
    /// What belongs to none of them: records, downloads, what nobody reaches.
    struct OfOther {
        std::string what;                 ///< a few words
        std::uint64_t size = 0;
        std::uint64_t reclaimable = 0;    ///< by `system prune --all`
    };
    std::vector<OfVolume> volumes;
    std::vector<OfArtifact> artifacts;
    std::vector<OfOther> others;
    std::uint64_t total = 0;              ///< of everything, what is shared once
};
UsageDetails disk_usage_details(Engine& engine);

struct SystemPruneOptions {
    bool all_images = false; ///< all that no container uses, not only those without a name, and what has been downloaded of others
    bool volumes = false;    ///< those that no container uses
    bool only_leftovers = false;      ///< nothing but what nothing reaches
    std::vector<std::string> filters; ///< label=, label!=, until=: containers, images and volumes must match
};
struct SystemPruneResult {
    std::vector<std::string> containers; ///< ids
    std::vector<std::string> images;
    std::vector<std::string> volumes;
    std::size_t leftovers = 0;           ///< what dead processes left half-made
    std::uint64_t reclaimed = 0;         ///< bytes on disk
    std::uint64_t kept_downloads = 0;    ///< the same, of unfinished ones that wait a day for being taken up again
};
/// Removes containers that do not run, images and volumes as the options say, and everything that nothing reaches.
SystemPruneResult prune_system(Engine& engine, const SystemPruneOptions& options);

/// What `ctl system check` has found.
struct Finding {
    enum class Kind {
        damage,   ///< something that ought to work does not
        leftover, ///< garbage: takes room, harms nothing, `system prune` frees it
        repaired, ///< damage that is no more
    };
    Kind kind;
    std::string what; ///< one line that names the object, and for damage the way out
};
struct SystemCheckOptions {
    bool quick = false;  ///< the records alone; else every byte of every layer is read and compared with its index
    bool repair = false; ///< layers that are missing or damaged are fetched again, from where their images came
    bool force = false;  ///< repairs; stops what runs on damaged layers, and removes the images, containers and artifacts that cannot be mended
    std::optional<std::chrono::milliseconds> max_age; ///< layers that nothing uses are told only when they are older
};
/// Looks at every record and whether what it needs is there. Changes nothing unless it is to repair.
std::vector<Finding> check_system(Engine& engine, const SystemCheckOptions& options, const Callbacks& callbacks);

/// Removes everything: containers (running ones are killed), images, volumes, downloads.
void reset_system(Engine& engine);

/// Containers that a dead process left half-made or half-removed (a directory without record, a record whose name leads
/// elsewhere, a name without container). Moves them to trash, or only names them.
std::vector<std::string> collect_half_containers(Engine& engine, bool only_look);

} // namespace lib
