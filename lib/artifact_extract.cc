// artifact extract, see lib/artifacts.h.
#include "base/error.h"
#include "base/oci/manifest.h"
#include "base/oci/reference.h"
#include "base/replacement.h"
#include "base/sys.h"
#include "lib/artifacts.h"

#include <sys/stat.h>
#include <fcntl.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace lib {
namespace {

std::string title_of(const oci::Descriptor& file) {
    const auto found = file.annotations.find("org.opencontainers.image.title");
    return found == file.annotations.end() ? "" : found->second;
}

/// What the file is called in a directory. A title comes from a stranger: it is a name in that directory and nothing else.
std::string file_name(const oci::Descriptor& file, const ArtifactFile& which) {
    std::string name = which.digest.empty() ? title_of(file) : "";
    if (name.empty()) {
        name = file.digest.str();
        std::ranges::replace(name, ':', '-');
    }
    if (name == "." || name == ".." || name.find('/') != std::string::npos || name.find('\0') != std::string::npos)
        throw Error("the title \"", oci::printable(name), "\" is no file's name: --digest ", file.digest.str(), " extracts it under another");
    return name;
}

std::vector<oci::Descriptor> chosen_files(const std::vector<oci::Descriptor>& files, const ArtifactFile& which) {
    if (!which.digest.empty() && !which.title.empty()) throw Error("artifact extract: --digest and --title exclude each other");
    if (which.digest.empty() && which.title.empty()) return files;
    std::vector<oci::Descriptor> chosen;
    for (const oci::Descriptor& file : files)
        if (which.digest.empty() ? title_of(file) == which.title : file.digest.str() == which.digest) chosen.push_back(file);
    if (chosen.empty()) throw Error("it has no file with the ", which.digest.empty() ? "title " : "digest ", oci::printable(which.digest + which.title));
    if (which.title.empty()) chosen.erase(chosen.begin() + 1, chosen.end()); // the same content, however often
    if (chosen.size() > 1) throw Error("several files have the title ", oci::printable(which.title), ": --digest says which");
    return chosen;
}

void copy_file(const std::string& from, const std::string& to) {
    const UniqueFd source = sys::open(from, O_RDONLY | O_NOFOLLOW);
    files::Replacement target(to, 0666);
    std::vector<std::byte> chunk(256 << 10);
    while (const std::size_t count = sys::read_some(source.get(), chunk, from))
        sys::write_all(target.fd(), std::string_view(reinterpret_cast<const char*>(chunk.data()), count), to);
    target.commit();
}

bool is_directory(const std::string& path) {
    struct stat st {};
    return ::stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode);
}

} // namespace

void extract_artifact(Engine& engine, const std::string& typed, const std::string& target, const ArtifactFile& which) {
    const storage::Artifact artifact = get_artifact(engine, typed);
    const storage::Store store(engine.paths);
    const storage::Lease lease = store.lease_layers(artifact.blobs);
    const storage::Artifacts artifacts(store);
    try {
        const std::vector<oci::Descriptor> all = oci::parse_manifest(artifact.manifest_json, {}, oci::Content::any).layers;
        if (all.empty()) throw Error("it has no files");
        const std::vector<oci::Descriptor> files = chosen_files(all, which);
        if (!is_directory(target)) {
            if (files.size() > 1) throw Error("it has ", files.size(), " files, and ", oci::printable(target), " is no directory: --title or --digest chooses one");
            return copy_file(artifacts.blob_path(files.front().digest.str()), target);
        }
        std::set<std::string> names;
        for (const oci::Descriptor& file : files) // before anything is written
            if (!names.insert(file_name(file, which)).second) throw Error("several files have the title ", oci::printable(title_of(file)), ": --digest chooses one");
        for (const oci::Descriptor& file : files) copy_file(artifacts.blob_path(file.digest.str()), cat(target, "/", file_name(file, which)));
    } catch (Error& e) {
        e.add_context("artifact extract " + artifact.name);
        throw;
    }
}

} // namespace lib
