// ctl-image: the program that touches what strangers sent: registries' answers, archives, layers.
//
//   ctl-image REQUEST               pull, load, commit, …: with a JSON document on stdin, which says everything else
//   ctl-image extract PATH OPTIONS
//
// ctl starts it inside the store's user namespace as uid 0 there (lib/image_worker.h has the protocol on stdout) and
// kills it with itself. It is an executable of its own so that ctl need not load curl, OpenSSL and the decompressors, and
// so that what parses hostile input holds nothing but the store.
#include "base/error.h"
#include "base/paths.h"
#include "base/sys.h"
#include "lib/image_worker.h"
#include "lib/registry/http.h"
#include "lib/worker/archive.h"
#include "lib/worker/artifact_add.h"
#include "lib/worker/check.h"
#include "lib/worker/commit.h"
#include "lib/worker/confine.h"
#include "lib/worker/copy_image.h"
#include "lib/worker/extract.h"
#include "lib/worker/fetch_url.h"
#include "lib/worker/import.h"
#include "lib/worker/inspect_image.h"
#include "lib/worker/load.h"
#include "lib/worker/login.h"
#include "lib/worker/manifests.h"
#include "lib/worker/pull.h"
#include "lib/worker/push.h"
#include "lib/worker/remote_manifest.h"
#include "lib/worker/report.h"
#include "lib/worker/request.h"
#include "lib/worker/search.h"
#include "lib/worker/tags.h"

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <string>
#include <string_view>
#include <vector>

namespace {

/// No core with parts of private layers, no debugger of the same user, no program with more rights than we have.
void lock_down() {
    const struct rlimit none {0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw SysError{errno, "prctl PR_SET_NO_NEW_PRIVS"};
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) throw SysError{errno, "prctl PR_SET_DUMPABLE"};
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_IGN); // a peer that hangs up is an error of its connection, not our end
}

/// stdout is for the protocol alone: what a library prints goes to stderr.
UniqueFd take_stdout() {
    UniqueFd out = sys::dup(STDOUT_FILENO);
    if (::dup2(STDERR_FILENO, STDOUT_FILENO) < 0) throw SysError{errno, "dup2"};
    return out;
}

/// Stdin into the container whose root is the extra descriptor.
nlohmann::json extract(const std::vector<std::string>& words) {
    lib::worker::FdSource input(STDIN_FILENO);
    UniqueFd root(lib::worker_extra_fd);
    lib::worker::extract(input, std::move(root), lib::worker::ExtractArguments::parse(words[1], words[2]));
    return nlohmann::json::object();
}

enum class Network { none, wanted };

struct RequestKind {
    std::string_view name;
    nlohmann::json (*function)(storage::Store&, const nlohmann::json&, lib::worker::Report&);
    Network network;
};
constexpr RequestKind requests[] = {
    {"artifact-add", lib::worker::add_artifact, Network::none},
    {"artifact-check", lib::worker::check_blobs, Network::none},
    {"check", lib::worker::check_layers, Network::none},
    {"copy-image", lib::worker::copy_image, Network::wanted},
    {"import", lib::worker::import, Network::none},
    {"inspect-image", lib::worker::inspect_image, Network::none},
    {"load", lib::worker::load, Network::none},
    {"push", lib::worker::push, Network::wanted},
};

/// Questions to registries, whose answers are shown and stored nowhere, or in a file that is given.
struct QuestionKind {
    std::string_view name;
    nlohmann::json (*function)(const nlohmann::json&, lib::worker::Report&);
};
constexpr QuestionKind questions[] = {
    {"delete-manifest", lib::worker::delete_manifest},
    {"fetch-url", lib::worker::fetch_url},
    {"login", lib::worker::log_in},
    {"put-manifest", lib::worker::put_manifest},
    {"referrers", lib::worker::list_referrers},
    {"search", lib::worker::search},
    {"tags", lib::worker::list_tags},
};

/// Without the store, and without its user namespace's rights.
nlohmann::json run_question(const QuestionKind& kind, lib::worker::Report& report) {
    const nlohmann::json request = lib::worker::read_request();
    lib::worker::confine_to_network(request);
    lib::registry::initialise_http();
    lib::worker::give_up_calls(lib::worker::Sockets::kept);
    return kind.function(request, report);
}

nlohmann::json run_request(const RequestKind& kind, const Paths& paths, storage::Store& store, lib::worker::Report& report) {
    const nlohmann::json request = lib::worker::read_request();
    lib::worker::confine_to_store(paths, request);
    if (kind.network == Network::none) lib::worker::leave_network();
    else lib::registry::initialise_http();
    lib::worker::give_up_calls(kind.network == Network::none ? lib::worker::Sockets::denied : lib::worker::Sockets::kept);
    return kind.function(store, request, report);
}

/// For what needs nothing but the store and the descriptors it was given.
void stay_with_store(const Paths& paths) {
    lib::worker::confine_to_store(paths, nlohmann::json::object());
    lib::worker::leave_network();
    lib::worker::give_up_calls(lib::worker::Sockets::denied);
}

/// What a registry sends comes from a process of its own, and is parsed here.
struct FetchKind {
    std::string_view name;
    nlohmann::json (*function)(storage::Store&, lib::worker::Fetcher&, const nlohmann::json&, lib::worker::Report&);
};
constexpr FetchKind fetches[] = {
    {"copy-fetched-image", lib::worker::copy_fetched_image},
    {"inspect-fetched-image", lib::worker::inspect_fetched_image},
    {"manifest", lib::worker::find_manifests},
    {"pull", lib::worker::pull},
};

nlohmann::json run_fetch(const FetchKind& kind, const Paths& paths, storage::Store& store, lib::worker::Report& report) {
    lib::worker::Fetcher fetcher([&report](const std::string& sentence) { report.warning(sentence); });
    const nlohmann::json request = fetcher.request();
    lib::worker::confine_to_store(paths, request);
    lib::worker::leave_network();
    lib::worker::give_up_calls(lib::worker::Sockets::denied);
    return kind.function(store, fetcher, request, report);
}

nlohmann::json run(const Paths& paths, storage::Store& store, const std::vector<std::string>& words, lib::worker::Report& report) {
    if (words.size() == 1)
        for (const RequestKind& kind : requests)
            if (words[0] == kind.name) return run_request(kind, paths, store, report);
    if (words.size() == 1)
        for (const FetchKind& kind : fetches)
            if (words[0] == kind.name) return run_fetch(kind, paths, store, report);
    stay_with_store(paths);
    if (words.size() == 1 && words[0] == "commit")
        return lib::worker::commit(store, sys::read_to_end(STDIN_FILENO, 32 << 20, "the request"), UniqueFd(lib::worker_extra_fd), report);
    if (words.size() == 3 && words[0] == "extract") return extract(words);
    throw Error("usage: ctl-image REQUEST | ctl-image extract PATH OPTIONS");
}

/// What was removed earlier is unlinked here, after the work: ext4 is slow to reuse inodes that have just been freed.
void empty_trash(storage::Store& store, lib::worker::Report& report) {
    try {
        store.empty_trash();
    } catch (const Error& e) {
        report.notice(cat("what was removed earlier could not be unlinked: ", e.what()));
    }
}

nlohmann::json run(const std::vector<std::string>& words, lib::worker::Report& report) {
    if (words.size() == 1)
        for (const QuestionKind& kind : questions)
            if (words[0] == kind.name) return run_question(kind, report);
    const Paths paths = Paths::detect();
    paths.ensure();
    storage::Store store(paths);
    store.ensure();
    if (store.is_shared()) ::umask(022); // others are to read what is made now
    nlohmann::json result = run(paths, store, words, report);
    empty_trash(store, report);
    return result;
}

} // namespace

int main(int argc, char** argv) {
    // A chunk is made by one thread and freed by another: an arena for each would keep what it has had at its fullest.
    ::mallopt(M_ARENA_MAX, 2);
    try {
        lib::worker::Report report(take_stdout());
        try {
            lock_down();
            report.result(run({argv + 1, argv + argc}, report));
            return 0;
        } catch (const Error& e) {
            report.error(e.what(), e.exit_code);
            return e.exit_code;
        } catch (const std::exception& e) {
            report.error(e.what(), exit_code::engine_error);
        }
    } catch (const std::exception&) {
        // Nobody is left to report to.
    }
    return exit_code::engine_error;
}
