// See lib/monitor_cgroup.h.
#include "lib/monitor_cgroup.h"

#include "lib/given_cgroup.h"

#include <sys/epoll.h>

#include <utility>

namespace lib {

void MonitorCgroup::watch(MonitorIo& io) {
    unwatch(io);
    oom_.emplace(plan_);
    if (oom_->fd() >= 0) io.watch(oom_->fd(), EPOLLPRI, [this](std::uint32_t) { (void)oom_->oom_kills(); });
}

void MonitorCgroup::unwatch(MonitorIo& io) noexcept {
    if (oom_ && oom_->fd() >= 0) io.unwatch(oom_->fd());
    oom_.reset();
}

void MonitorCgroup::remove() noexcept {
    try {
        rootless::remove_cgroup(plan_);
    } catch (const Error&) {
        return; // an empty cgroup left behind hurts nobody; the exit record must be written all the same
    }
}

void MonitorCgroup::take_changes(MonitorIo* io, MonitorRecord& record) noexcept {
    try {
        if (auto given = take_given_cgroup(dir_); given && io != nullptr) {
            plan_ = std::move(*given);
            record.moved(plan_);
        }
        if (io != nullptr) watch(*io); // the limits may have brought the memory controller
        plan_.limits = recorded_limits(dir_);
    } catch (const Error& e) {
        record.limits_failed(e);
    }
}

} // namespace lib
