// See lib/ask_monitor.h.
#include "lib/ask_monitor.h"

#include "base/error.h"
#include "base/files.h"
#include "base/lock.h"
#include "base/on_exit.h"
#include "base/sys.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>

namespace lib {

void ask_monitor(const ContainerDir& dir, const ContainerRecord& record, const Question& question, const std::string& text) {
    constexpr std::chrono::milliseconds patience = std::chrono::seconds(10), pause = std::chrono::milliseconds(2);
    sys::unlink_at(dir.fd(), question.answer); // of somebody who was killed
    files::write_atomic(dir.fd(), question.file, text, 0600, files::Durability::none);
    OnExit take_back([&] { ::unlinkat(dir.fd(), question.file, 0); });
    if (const auto monitor = dir.find_monitor()) sys::pidfd_send_signal(monitor->get(), SIGHUP);
    for (auto waited = std::chrono::milliseconds(0); waited < patience && dir.has_monitor(); waited += pause) {
        if (const auto answer = files::find(dir.fd(), question.answer)) {
            sys::unlink_at(dir.fd(), question.answer);
            if (answer->empty()) return;
            throw Error("container ", record.name, ": ", *answer);
        }
        sys::sleep_for(pause);
    }
    throw Error("the monitor of container ", record.name, " does not answer; ctl restart ", record.name, " puts that right");
}

std::optional<std::string> take_question(const ContainerDir& dir, const Question& question) {
    const auto text = files::find(dir.fd(), question.file);
    if (!text) return std::nullopt;
    sys::unlink_at(dir.fd(), question.file);
    if (!FileLock::is_held(dir.fd(), "lock")) return std::nullopt; // who asked is gone, and put nothing on record
    return text;
}

void answer_question(const ContainerDir& dir, const Question& question, const std::string& problem) {
    files::write_atomic(dir.fd(), question.answer, problem, 0600, files::Durability::none);
}

} // namespace lib
