// How containers and their names come to be and go, each by one rename or link; see lib/container_store.h.
#include "lib/container_store.h"

#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/container_json.h"
#include "lib/container_places.h"
#include "storage/root.h"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <fcntl.h>
#include <unistd.h>

namespace lib {
namespace {

/// Removes the link if its container is gone. Only holders of the lock do so: of two that find it stale, the second would
/// remove what the first has just made.
void remove_stale_name(const Engine& engine, const std::string& names, const std::string& name) {
    const FileLock lock = FileLock::acquire(AT_FDCWD, names + "/.lock", FileLock::Mode::exclusive);
    const bool there = sys::find_link_at(AT_FDCWD, names + "/" + name).has_value();
    if (there && !find_by_name(engine, name)) sys::unlink_at(AT_FDCWD, names + "/" + name);
}

struct NewFile {
    std::string content;
    mode_t mode;
};

/// Whether one fsync puts all changes of names and sizes before it on the disk: so the journals of ext4 and XFS work. Btrfs, F2FS
/// and what is not known write those of the file alone.
bool has_one_journal(int dir) {
    struct statfs disk {};
    return ::fstatfs(dir, &disk) == 0 && (disk.f_type == EXT4_SUPER_MAGIC || disk.f_type == XFS_SUPER_MAGIC);
}

/// Where one journal has it all: every file's bytes, and what the journal commits for the last one's fsync covers the others,
/// which spares a flush of the disk for each.
void sync_files(int dir, const std::vector<UniqueFd>& written) {
    constexpr unsigned start = SYNC_FILE_RANGE_WRITE;
    constexpr unsigned finish = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    const bool once = has_one_journal(dir);
    for (const unsigned flags : {start, finish})
        for (const UniqueFd& fd : written)
            if (once && ::sync_file_range(fd.get(), 0, 0, flags) != 0) throw SysError{errno, "write out a container's records"};
    for (const UniqueFd& fd : written)
        if (!once || &fd == &written.back()) sys::fsync(fd.get(), "a container's records");
    sys::fsync(dir, "a container's directory");
}

/// Writes the files of a directory that nobody else sees yet.
void write_files(int dir, const std::map<std::string, NewFile>& contents, files::Durability durability) {
    std::vector<UniqueFd> written;
    for (const auto& [name, file] : contents) {
        UniqueFd fd = sys::open_at(dir, name, O_WRONLY | O_CREAT | O_EXCL, file.mode);
        sys::write_all(fd.get(), file.content, name);
        if (::fchmod(fd.get(), file.mode) != 0) throw SysError{errno, cat("set the mode of ", name)};
        written.push_back(std::move(fd));
    }
    if (durability == files::Durability::synced) sync_files(dir, written);
}

/// For undoing: what cannot be removed is garbage that `system prune` finds. By way of the trash, so that a kill halfway
/// does not leave half a container among the whole ones.
void remove_quietly(const Engine& engine, const std::string& directory) noexcept {
    try {
        const storage::Root root(engine.paths.data);
        if (root.discard(directory)) root.empty_trash();
    } catch (const Error&) {
        return;
    }
}

} // namespace

void take_name(const Engine& engine, const std::string& name, const std::string& id) {
    const std::string names = engine.paths.data + "/names";
    sys::ensure_dir(names, 0700);
    while (!sys::try_symlink_at("../containers/" + id, AT_FDCWD, names + "/" + name)) {
        if (const auto holder = find_by_name(engine, name))
            throw Error("the name \"", name, "\" is in use by container ", holder->substr(0, 12),
                        "; remove it (ctl rm ", name, ") or choose another name");
        remove_stale_name(engine, names, name);
    }
}

void drop_name(const Engine& engine, const std::string& name, const std::string& id) noexcept {
    try {
        const std::string link = engine.paths.data + "/names/" + name;
        const auto target = sys::find_link_at(AT_FDCWD, link);
        // While the directory is there nobody else may replace the link, so it is surely ours that goes.
        if (target && target->ends_with(id)) sys::unlink_at(AT_FDCWD, link);
    } catch (const Error&) {
        return; // a name that leads nowhere is free
    }
}

void publish_container(const Engine& engine, const ContainerRecord& record, const std::string& config_json,
                       const std::map<std::string, std::string>& contents) {
    const std::string tmp = engine.paths.data + "/tmp";
    const std::string place = new_container_path(engine, record.id);
    const std::string parent = place.substr(0, place.find_last_of('/'));
    sys::ensure_dir(tmp, 0700);
    sys::ensure_dir(parent, 0700);
    const FileLock not_garbage = storage::Root(engine.paths.data).lock_shared(); // half-made as it is for a moment
    const std::string making = tmp + "/container-" + record.id;
    sys::mkdir_at(AT_FDCWD, making, 0700);
    OnExit undo([&] {
        for (const std::string& made : {making, place}) remove_quietly(engine, made.substr(engine.paths.data.size() + 1));
    });
    const UniqueFd dir = files::open_dir(making);
    for (const char* name : {"upper", "merged"}) sys::mkdir_at(dir.get(), name, 0755);
    sys::mkdir_at(dir.get(), "work", 0700);
    if (::fchmodat(dir.get(), "upper", 0755, 0) != 0) throw SysError{errno, "set the mode of upper"}; // whatever the umask
    std::map<std::string, NewFile> files_of_it{{"config.json", {config_json, 0600}}, {"record.json", {record_json(record), 0600}}};
    for (const auto& [name, content] : contents) files_of_it[name] = {content, 0644};
    const auto durability = record.auto_remove || engine.paths.transient ? files::Durability::none : files::Durability::synced;
    write_files(dir.get(), files_of_it, durability);
    for (const std::string& required : record.requires_ids) {
        const std::string marks = container_path(engine, required) + "/required-by";
        sys::ensure_dir(marks, 0700);
        sys::open(marks + "/" + record.id, O_WRONLY | O_CREAT, 0600); // what is left of it should this fail counts for nothing
    }
    // The directory comes before the name: a name whose container is missing counts as free.
    sys::rename_at(AT_FDCWD, making, AT_FDCWD, place);
    take_name(engine, record.name, record.id);
    if (durability == files::Durability::synced)
        for (const std::string& changed : {parent, engine.paths.data + "/names"}) sys::fsync(files::open_dir(changed).get(), changed);
    undo.disarm();
}

void throw_away_damaged(const Engine& engine, const std::string& id) {
    const FileLock not_garbage = storage::Root(engine.paths.data).lock_shared();
    const std::string names = engine.paths.data + "/names/";
    for (const std::string& name : files::list(AT_FDCWD, names)) // the record cannot say it
        if (const auto link = sys::find_link_at(AT_FDCWD, names + name); link && link->ends_with("/" + id))
            sys::unlink_at(AT_FDCWD, names + name);
    throw_away(engine, id);
}

void throw_away(const Engine& engine, const std::string& id) {
    const std::string trash = engine.paths.data + "/trash";
    sys::ensure_dir(trash, 0700);
    sys::rename_at(AT_FDCWD, container_path(engine, id), AT_FDCWD, cat(trash, "/container-", id, "-", sys::random_hex(4)));
}

void unpublish_container(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record) {
    const FileLock not_garbage = storage::Root(engine.paths.data).lock_shared(); // nameless as it is for a moment
    drop_name(engine, record.name, dir.id());
    throw_away(engine, dir.id());
}

bool is_abandoned(const Engine& engine, const ContainerDir& dir, const ContainerRecord& record) {
    if (!record.auto_remove || record.runner_pid == 0 || dir.load_state().status != "created") return false;
    const bool runner_lives = record.runner_boot == engine.paths.boot_id && find_process_start(record.runner_pid) == record.runner_start;
    return !runner_lives && !dir.has_monitor() && dir.load_state().status == "created"; // the state again: it may have started meanwhile
}

void empty_trash(Engine& engine) {
    const std::string trash = engine.paths.data + "/trash";
    const auto empty = [&] {
        for (const std::string& name : files::list(AT_FDCWD, trash)) files::remove_tree(AT_FDCWD, trash + "/" + name);
    };
    try {
        empty();
    } catch (const SysError& e) {
        if (e.err() != EACCES && e.err() != EPERM) throw;
        rootless::run_in_userns(engine.load_maps(), empty); // files of subordinate ids
    }
}

} // namespace lib
