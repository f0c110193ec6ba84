// Records of detached execs, see lib/exec_record.h.
#include "lib/exec_record.h"

#include "base/files.h"
#include "base/oci/json_fields.h"
#include "base/oci/json_text.h"
#include "base/sys.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace lib {
namespace {

using nlohmann::json;

constexpr const char* directory = "execs";

std::string file_of(const std::string& id) { return cat(directory, "/", id, ".json"); }

ExecRecord parse_exec(const std::string& text, const std::string& file) {
    const json document = oci::parse_json_text(text, file);
    const oci::Fields o(document, file);
    constexpr auto most_time = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    constexpr auto most_int = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    ExecRecord r;
    r.id = o.required_text("id");
    r.command = o.texts("command").value_or(std::vector<std::string>{});
    r.user = o.text("user");
    r.tty = o.flag("tty");
    r.pid = static_cast<int>(o.number("pid", most_int).value_or(0));
    r.pid_start = o.number("pid_start").value_or(0);
    r.boot_id = o.text("boot_id");
    r.started = static_cast<std::int64_t>(o.number("started", most_time).value_or(0));
    r.finished = static_cast<std::int64_t>(o.number("finished", most_time).value_or(0));
    r.exit_code = static_cast<int>(o.number("exit_code", most_int).value_or(0));
    return r;
}

} // namespace

void save_exec_record(const ContainerDir& dir, const ExecRecord& r) {
    if (!sys::find_stat_at(dir.fd(), directory)) sys::ensure_dir(cat(dir.path(), "/", directory), 0700);
    const json document{{"id", r.id}, {"command", r.command}, {"user", r.user}, {"tty", r.tty}, {"pid", r.pid},
                        {"pid_start", r.pid_start}, {"boot_id", r.boot_id}, {"started", r.started}, {"finished", r.finished},
                        {"exit_code", r.exit_code}};
    files::write_atomic(dir.fd(), file_of(r.id), document.dump(-1, ' ', false, json::error_handler_t::replace), 0600,
                        files::Durability::none);
}

std::vector<ExecRecord> list_exec_records(const ContainerDir& dir, const std::string& boot_id) {
    std::vector<ExecRecord> records;
    if (!sys::find_stat_at(dir.fd(), directory)) return records;
    for (const std::string& name : files::list(dir.fd(), directory)) {
        if (!name.ends_with(".json") || name.starts_with('.')) continue; // one that is being written
        const auto text = files::find(dir.fd(), cat(directory, "/", name));
        if (!text || text->empty()) continue; // not synced: a power cut leaves it empty
        ExecRecord record = parse_exec(*text, cat(dir.path(), "/", directory, "/", name));
        record.is_running = record.finished == 0 && record.boot_id == boot_id && find_process_start(record.pid) == record.pid_start;
        if (!record.is_running && record.finished == 0) record.exit_code = exit_code::signal_base + 9; // its keeper was killed, too
        records.push_back(std::move(record));
    }
    std::sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.started < b.started; });
    return records;
}

void prune_exec_records(const ContainerDir& dir, const std::string& boot_id, std::size_t keep) {
    std::vector<ExecRecord> records = list_exec_records(dir, boot_id);
    std::erase_if(records, [](const ExecRecord& record) { return record.is_running; });
    for (std::size_t i = 0; i + keep < records.size(); ++i) sys::unlink_at(dir.fd(), file_of(records[i].id));
}

} // namespace lib
