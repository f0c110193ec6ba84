// See lib/launcher.h.
#include "lib/launcher.h"

#include "base/files.h"
#include "base/on_exit.h"
#include "base/sys.h"
#include "lib/namespaces.h"
#include "lib/other_runtime/call.h"
#include "lib/other_runtime/document.h"
#include "lib/seccomp_agent.h"

#include <fcntl.h>
#include <sched.h>

#include <algorithm>
#include <iterator>
#include <sstream>

namespace lib {
namespace {

rootless::LaunchMaps launch_maps(const MonitorJob& job) { return {maps_of(*job.spec), job.engine->maps}; }

class OwnLauncher : public Launcher {
public:
    explicit OwnLauncher(MonitorJob& job) : job_(job) {}

    rootless::Launched launch(const LaunchSteps& steps) override {
        program_ = std::make_unique<rootless::ChildProgram>(*job_.spec, job_.extras);
        program_->on_listener([this](pid_t pid, const UniqueFd& listener) {
            tell_seccomp_agent(*job_.spec->seccomp, pid, *job_.dir, pid, listener);
        });
        rootless::Launched container = rootless::launch(*program_, *job_.spec, launch_maps(job_), [&](pid_t pid) {
            steps.place(pid);
            if (steps.meanwhile) steps.meanwhile();
            steps.note(pid);
        });
        if (!job_.extras.hold) program_.reset();
        return container;
    }

    void proceed(rootless::Launched& container) override {
        const std::unique_ptr<rootless::ChildProgram> program = std::move(program_);
        rootless::proceed(*program, container);
    }

private:
    MonitorJob& job_;
    std::unique_ptr<rootless::ChildProgram> program_; ///< of a process that is held: it waits to become this
};

/// ctl makes a stage (rootless::launch_stage), the runtime makes the container on it and starts it.
class OtherLauncher : public Launcher {
public:
    explicit OtherLauncher(MonitorJob& job) : job_(job), caller_(*job.record, job.engine->paths.sockets) {}

    rootless::Launched launch(const LaunchSteps& steps) override {
        oci::RuntimeSpec stage_spec = *job_.spec;
        std::erase_if(stage_spec.namespaces, [](const oci::Namespace& n) { // the runtime makes these
            return n.path.empty() && n.type != "user" && n.type != "mount" && n.type != "network";
        });
        rootless::ChildProgram stage(rootless::ChildProgram::Stage{}, stage_spec, job_.extras);
        rootless::Launched container;
        const auto before_go = [&](pid_t pid) {
            steps.place(pid);
            if (steps.meanwhile) steps.meanwhile();
        };
        rootless::launch_stage(stage, stage_spec, launch_maps(job_), before_go, [&](pid_t pid) { container = create(pid, steps); });
        if (job_.extras.hold) return container;
        proceed(container);
        return container;
    }

    void proceed(rootless::Launched& container) override {
        OnExit undo([&] {
            sys::kill_and_reap(container.pid);
            run_ended();
        });
        caller_.start(inside());
        undo.disarm();
    }

    void run_ended() noexcept override {
        if (user_namespace_) caller_.remove(inside());
        user_namespace_.reset();
    }

private:
    RuntimePlace inside() const { return {user_namespace_.get(), CLONE_NEWUSER, !job_.extras.single_id && !job_.extras.keep_groups}; }

    rootless::Launched create(pid_t stage_pid, const LaunchSteps& steps) {
        const auto stage = sys::pidfd_open(stage_pid);
        if (!stage) throw Error("the container's stage has ended");
        user_namespace_ = sys::open(cat("/proc/", stage_pid, "/ns/user"), O_RDONLY);
        OnExit forget([&] { run_ended(); });
        steps.note(stage_pid);
        if (caller_.knows_container()) caller_.remove(inside()); // of a run that no monitor saw the end of
        Making making;
        making.terminal = job_.spec->process.terminal;
        std::copy(std::begin(job_.extras.stdio), std::end(job_.extras.stdio), making.streams.stdio.begin());
        making.streams.preserved = job_.extras.preserved_fds;
        making.placed = [&](pid_t pid) { steps.place_beside(pid, stage_pid); };
        making.as_long_as = stage->get();
        const std::string document = document_for(*job_.spec, job_.record->runtime, job_.abilities, place(stage_pid));
        RuntimePlace on_stage = inside();
        on_stage.process = stage->get();
        on_stage.namespaces = CLONE_NEWUSER | CLONE_NEWNS;
        rootless::Launched container = caller_.create(document, making, on_stage);
        OnExit end_container([&] { sys::kill_and_reap(container.pid); });
        if (sys::wait_readable(stage->get(), std::chrono::milliseconds(0))) throw Error("the container was ended while it was made");
        steps.note(container.pid);
        end_container.disarm();
        forget.disarm();
        return container;
    }

    DocumentPlace place(pid_t stage_pid) const {
        DocumentPlace place{stage_pid, "", job_.extras.rows, job_.extras.columns};
        if (job_.cgroup.manager == rootless::CgroupManager::none) return place;
        std::istringstream lines(files::find(cat("/proc/", stage_pid, "/cgroup")).value_or(""));
        for (std::string line; std::getline(lines, line);)
            if (line.starts_with("0::")) place.cgroup = line.substr(3);
        return place;
    }

    MonitorJob& job_;
    RuntimeCaller caller_;
    UniqueFd user_namespace_; ///< of the current run
};

} // namespace

std::unique_ptr<Launcher> make_launcher(MonitorJob& job) {
    if (job.record->runtime.empty()) return std::make_unique<OwnLauncher>(job);
    return std::make_unique<OtherLauncher>(job);
}

} // namespace lib
