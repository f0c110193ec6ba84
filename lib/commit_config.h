// The config of an image made from a container: its image's, with what the container was given, and the changes asked for.
// Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <map>
#include <string>
#include <vector>

namespace lib {

/// What a container adds to its image's config.
struct CommitSettings {
    std::vector<std::string> env; ///< of its process
    std::vector<std::string> entrypoint;
    std::vector<std::string> command;
    std::string user;
    std::string working_dir;
    std::map<std::string, std::string> labels;
    std::vector<std::string> exposed_ports; ///< "80/tcp"
    std::vector<std::string> volumes;       ///< to be declared
    std::string author;
    std::string message;
    std::string created;                    ///< RFC 3339
    std::string created_by;                 ///< for the history
};

/// `image_config`: exact text of the image's config. The history gets its entry, diff_ids are left as they are.
nlohmann::json commit_config(const std::string& image_config, const CommitSettings& settings);

/// `--change`: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR, as in a Containerfile, with a
/// blank or "=" after the instruction. Throws Error naming it.
void apply_change(nlohmann::json& config, const std::string& instruction);

/// `--config`: members of a JSON file that replace those of the config's "config".
void merge_config(nlohmann::json& config, const std::string& text, const std::string& file);

/// The words of an instruction: blanks separate, quotes and backslashes keep together. Throws Error on an open quote.
std::vector<std::string> split_words(const std::string& text);

} // namespace lib
