// The files ctl makes for a container; see lib/made_files.h.
#include "lib/made_files.h"

#include "base/error.h"
#include "base/files.h"
#include "base/sys.h"
#include "base/version.h"
#include "lib/name_files.h"
#include "lib/timezone.h"
#include "lib/user_lookup.h"
#include "netstack/addresses.h"
#include "storage/merged_view.h"
#include "storage/store.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace lib {
namespace {

/// The hosts file that the container's begins with.
std::string base_hosts(const NameOptions& options, const std::vector<int>& layers) {
    if (options.hosts_file == "none") return {};
    if (options.hosts_file == "image") return storage::find_file(layers, "etc/hosts", user_file_limit).value_or("");
    if (options.hosts_file.empty()) return files::find("/etc/hosts").value_or("");
    return files::read_named(options.hosts_file, "--hosts-file");
}

NameInput name_input(const CreateRequest& request, const ContainerRecord& record, const std::string& hostname) {
    const std::string& network = record.network;
    NameInput input{request.names, network, {hostname, record.name}, "127.0.0.1", request.names.host_address};
    if (input.host_address == "none") input.host_address.clear();
    if (network == "default") {
        input.own_address = netstack::container_v4_text;
        input.name_server = netstack::gateway_v4_text;
        if (request.names.host_address.empty()) input.host_address = netstack::host_v4_text;
    }
    if (network == "host") input.own_address.clear(); // the host's files know the host's name
    if (network == "host" && input.host_address.empty()) input.host_address = "127.0.0.1";
    return input;
}

/// What --privileged containers may know about themselves (podman-run(1)); everybody else sees an empty file.
std::string container_env(const CreateRequest& request, const ContainerRecord& record) {
    if (!request.privileged) return {};
    return cat("engine=\"ctl-", ctl_version, "\"\nname=\"", record.name, "\"\nid=\"", record.id, "\"\nimage=\"", record.image,
               "\"\nimageid=\"", record.image_id.empty() ? "" : storage::digest_hex(record.image_id), "\"\nrootless=1\n");
}

} // namespace

MadeFiles make_files(const CreateRequest& request, const ContainerRecord& record, const std::string& hostname,
                     const std::vector<int>& layers) {
    const NameOptions& options = request.names;
    check_name_options(options, record.network);
    MadeFiles made;
    const NameInput input = name_input(request, record, hostname);
    // They are made in any case: containers that share this one's namespaces look here.
    made.texts["hosts"] = hosts_file(input, base_hosts(options, layers));
    made.texts["hostname"] = hostname + "\n";
    made.texts["resolv.conf"] = resolver_file(input, files::find("/etc/resolv.conf").value_or(""));
    made.texts["containerenv"] = container_env(request, record);
    if (!keeps_image_hosts(options)) made.given.push_back({"hosts", "/etc/hosts", true});
    if (!options.no_hostname) made.given.push_back({"hostname", "/etc/hostname", false});
    if (!keeps_image_resolver(options)) made.given.push_back({"resolv.conf", "/etc/resolv.conf", true});
    if (!request.process.timezone.empty()) {
        made.texts["localtime"] = read_timezone(request.process.timezone);
        made.given.push_back({"localtime", "/etc/localtime", false});
    }
    return made;
}

IdFile::IdFile(std::string path) : path_(std::move(path)) {
    if (path_.empty()) return;
    const int fd = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 && errno == EEXIST) throw Error("--cidfile ", path_, ": the file is there already; remove it, or choose another name");
    if (fd < 0) throw SysError{errno, cat("--cidfile ", path_)};
    fd_.reset(fd);
}

IdFile::~IdFile() {
    if (fd_) ::unlink(path_.c_str()); // no container came of it
}

void IdFile::write(const std::string& id) {
    if (!fd_) return;
    sys::write_all(fd_.get(), id, path_);
    fd_.reset();
}

} // namespace lib
