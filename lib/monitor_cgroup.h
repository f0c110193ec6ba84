// The container's cgroup through the monitor's life: made for each run, watched for the OOM killer's work, removed at its end, and
// exchanged by `ctl update`. Where there is none, nothing of this does anything.
#pragma once

#include "lib/monitor_io.h"
#include "lib/monitor_record.h"
#include "rootless/cgroup.h"

#include <optional>

namespace lib {

class MonitorCgroup {
public:
    /// `plan` is the job's and stays so.
    MonitorCgroup(const ContainerDir& dir, rootless::CgroupPlan& plan) : dir_(dir), plan_(plan) {}

    /// The run's process is put into it before it may do anything. Throws Error.
    void place(pid_t pid) { rootless::place(plan_, pid); }
    /// Another process of the run, `beside` being one that is there.
    void attach(pid_t pid, pid_t beside) const {
        if (plan_.manager != rootless::CgroupManager::none) rootless::attach(plan_, pid, beside);
    }
    const rootless::CgroupPlan& plan() const noexcept { return plan_; }

    /// From the beginning of a run to its end, which needs no more than the counter.
    void watch(MonitorIo& io);
    void unwatch(MonitorIo& io) noexcept;
    bool has_oom_kills() noexcept { return oom_ && oom_->oom_kills() > 0; }
    void remove() noexcept;

    /// `ctl update` has changed something. The limits hold already; here it is about the runs to come, and about a cgroup where
    /// there was none. `io`: null between two runs.
    void take_changes(MonitorIo* io, MonitorRecord& record) noexcept;

private:
    const ContainerDir& dir_;
    rootless::CgroupPlan& plan_;
    std::optional<rootless::CgroupWatch> oom_;
};

} // namespace lib
