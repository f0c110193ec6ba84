// See lib/copy.h. Podman's rules (podman-cp(1)) for what a path means; the work is done by one child in the store's user
// namespace, which keeps the caller's supplementary groups, because the host's side is the caller's business.
#include "lib/copy.h"

#include "base/error.h"
#include "base/sys.h"
#include "lib/container_files.h"
#include "lib/copy_place.h"
#include "lib/copy_stream.h"
#include "rootless/layer_view.h"
#include "storage/tree_copy.h"
#include "storage/tree_walk.h"

#include <fcntl.h>

#include <cerrno>
#include <optional>

namespace lib {
namespace {

constexpr const char* kind_clash = "the destination must be a directory when a directory is copied";

/// A path of the container as from its working directory.
std::string path_inside(const ContainerFiles& files, const std::string& path) {
    return path.starts_with('/') ? path : files.spec().process.cwd + "/" + path;
}

/// The containers of both ends, opened in an order that every other `cp` keeps too: each may hold a lock.
struct Ends {
    std::optional<ContainerFiles> source;
    std::optional<ContainerFiles> destination; ///< empty also where it is the source's
    bool same = false;
};

Ends open_ends(Engine& engine, const CopyRequest& request) {
    Ends ends;
    const auto id_of = [&](const CopyEnd& end) { return end.container.empty() ? "" : find_container_id(engine, end.container); };
    const std::string source = id_of(request.source), destination = id_of(request.destination);
    ends.same = !source.empty() && source == destination;
    const auto open = [&](const std::string& id) { return ContainerFiles::open(engine, id, FilesUse::as_seen); };
    if (!source.empty() && (destination.empty() || source <= destination)) ends.source = open(source);
    if (!destination.empty() && !ends.same) ends.destination = open(destination);
    if (!source.empty() && !ends.source) ends.source = open(source);
    return ends;
}

/// One end in the child.
struct OpenEnd {
    UniqueFd root;
    CopySide side;
    std::string path;
};

OpenEnd open_end(const CopyEnd& end, const ContainerFiles* files, int shared_root) {
    OpenEnd open{{}, {-1, "on the host"}, end.path};
    if (files == nullptr) return open;
    open.root = shared_root >= 0 ? sys::dup(shared_root) : files->open_root();
    open.side = {open.root.get(), "in container " + files->record().name};
    open.path = path_inside(*files, end.path);
    return open;
}

/// A directory's content into the place, which is made where it is missing.
void copy_into(storage::TreeCopy& copy, const CopyPlace& source, const CopyPlace& target, const std::string& path) {
    if (target.is_directory()) return copy.copy_content_of(source.thing.get(), target.thing.get(), path);
    copy.copy_as(source.thing.get(), target.parent.get(), target.name, path);
}

void copy_between(storage::TreeCopy& copy, const OpenEnd& from, const OpenEnd& to, bool overwrite) {
    const CopyPlace source = find_copy_source(from.side, from.path);
    if (!source.is_directory() && !source.is_regular())
        throw Error(from.path, " ", from.side.label, " is neither a file nor a directory");
    std::string target_path = to.path;
    if (source.is_directory()) // a directory may be made by a name that ends in a slash
        while (target_path.size() > 1 && target_path.ends_with('/')) target_path.pop_back();
    const CopyPlace target = find_copy_place(to.side, target_path);
    if (target.exists() && !target.is_directory() && !target.is_regular())
        throw Error(to.path, " ", to.side.label, " is neither a file nor a directory");
    if (!target.exists() && !target.parent) throw Error("\"", to.path, "\" could not be found ", to.side.label);

    const std::string name = copy_base_name(from.path);
    if (source.is_directory()) {
        if (target.is_regular() && !overwrite) throw Error(kind_clash);
        if (target.is_directory() && !name.empty()) return copy.copy_as(source.thing.get(), target.thing.get(), name, from.path);
        return copy_into(copy, source, target, from.path);
    }
    if (target.is_directory()) copy.copy_as(source.thing.get(), target.thing.get(), name, from.path);
    else copy.copy_as(source.thing.get(), target.parent.get(), target.name, from.path);
}

storage::CopyRules copy_rules(const CopyRequest& request, const ContainerFiles* destination) {
    storage::CopyRules rules;
    rules.overwrite = request.overwrite;
    rules.tolerant = true;
    rules.special_bits = destination != nullptr; // on the host such a file would hand out the caller's own rights
    if (!request.chown) return rules;
    rules.owner.emplace();
    if (destination != nullptr) {
        const oci::User& user = destination->spec().process.user;
        rules.owner = {destination->uid_in_store(user.uid), destination->gid_in_store(user.gid)};
    }
    return rules;
}

/// From where both ends can be reached.
rootless::UserNamespace place_to_work(const ContainerFiles* from, const ContainerFiles* to) {
    if (from == nullptr || to == nullptr || from == to) return (from != nullptr ? from : to)->userns();
    if (from->existing_userns() >= 0 && to->existing_userns() >= 0)
        throw Error("containers ", from->record().name, " and ", to->record().name, " both run on FUSE, and no process may read the files of both: "
                    "`ctl cp ", from->record().name, ":PATH - | ctl cp - ", to->record().name, ":DIRECTORY` does it");
    return from->existing_userns() >= 0 ? from->userns() : to->userns();
}

} // namespace

CopyEnd parse_copy_end(const std::string& word) {
    if (word.empty()) throw Error("an empty path");
    const auto colon = word.find(':');
    if (word.front() == '/' || word.front() == '.' || colon == std::string::npos) return {"", word};
    if (colon == 0) throw Error("\"", word, "\": the container's name is missing before the colon");
    CopyEnd end{word.substr(0, colon), word.substr(colon + 1)};
    if (end.path.empty()) throw Error("\"", word, "\": the path is missing after the colon");
    return end;
}

CopyResult copy_files(Engine& engine, const CopyRequest& request) {
    if (request.source.container.empty() && request.destination.container.empty())
        throw Error("one of the paths has to be in a container: write it as CONTAINER:PATH");
    engine.load_maps();
    const Ends ends = open_ends(engine, request);
    const ContainerFiles* from = ends.source ? &*ends.source : nullptr;
    for (const auto* end : {&ends.source, &ends.destination})
        if (!request.chown && *end && (*end)->has_own_maps())
            throw Error("container ", (*end)->record().name, " has an id map of its own: --archive=false is not supported yet for it");
    const ContainerFiles* to = ends.same ? from : ends.destination ? &*ends.destination : nullptr;
    if (request.source.is_stream()) {
        extract_stream(engine, *to, path_inside(*to, request.destination.path), {request.chown, request.overwrite});
        return {};
    }
    Pipe result = sys::pipe();
    rootless::run_in_userns(place_to_work(from, to), [&] {
        storage::raise_descriptor_limit();
        const OpenEnd source = open_end(request.source, from, -1);
        CopyResult done;
        try {
            if (request.destination.is_stream()) {
                write_stream(*from, source.side, source.path);
            } else {
                const OpenEnd destination = open_end(request.destination, to, ends.same ? source.root.get() : -1);
                storage::TreeCopy copy(copy_rules(request, to));
                copy_between(copy, source, destination, request.overwrite);
                done = {copy.skipped().unreadable, copy.skipped().special};
            }
        } catch (SysError& e) {
            if (e.err() == ENOTCONN) e.add_context("the container ended before all was copied"); // one on FUSE takes its files along
            throw;
        }
        sys::write_all(result.write.get(), {reinterpret_cast<const char*>(&done), sizeof done}, "result of the copy");
    }, rootless::Groups::kept);
    result.write.reset();
    CopyResult done;
    const std::string bytes = sys::read_to_end(result.read.get(), sizeof done, "result of the copy");
    if (bytes.size() == sizeof done) bytes.copy(reinterpret_cast<char*>(&done), sizeof done);
    return done;
}

} // namespace lib
