// The plan in words: what went wrong, and what it would do.
#include "base/error.h"
#include "rootless/plan.h"

#include <linux/seccomp.h>
#include <sys/mount.h>

#include <cerrno>
#include <system_error>

namespace rootless {
namespace {

std::string reason(int error) { return std::generic_category().message(error); }

const char* kind_name(StepKind kind) {
    switch (kind) {
    case StepKind::private_mounts: return "private_mounts";
    case StepKind::reopen: return "reopen";
    case StepKind::overlay_root: return "overlay_root";
    case StepKind::fuse_root: return "fuse_root";
    case StepKind::fuse_lower: return "fuse_lower";
    case StepKind::bind_root: return "bind_root";
    case StepKind::mount_fs: return "mount_fs";
    case StepKind::mount_bind: return "mount_bind";
    case StepKind::overlay: return "overlay";
    case StepKind::tmpfs_over: return "tmpfs_over";
    case StepKind::device: return "device";
    case StepKind::node: return "node";
    case StepKind::grab_tree: return "grab_tree";
    case StepKind::mount_tree: return "mount_tree";
    case StepKind::adopt_root: return "adopt_root";
    case StepKind::own: return "own";
    case StepKind::symlink: return "symlink";
    case StepKind::link_copy: return "link_copy";
    case StepKind::directory: return "directory";
    case StepKind::append_file: return "append_file";
    case StepKind::console: return "console";
    case StepKind::mask: return "mask";
    case StepKind::readonly_path: return "readonly_path";
    case StepKind::sysctl: return "sysctl";
    case StepKind::call: return "call";
    case StepKind::loopback_up: return "loopback_up";
    case StepKind::hostname: return "hostname";
    case StepKind::domainname: return "domainname";
    case StepKind::pause: return "pause";
    case StepKind::readonly_root: return "readonly_root";
    case StepKind::change_mount: return "change_mount";
    case StepKind::pivot: return "pivot";
    case StepKind::move_root: return "move_root";
    case StepKind::root_propagation: return "root_propagation";
    }
    return "?";
}

std::string propagation_name(std::uint64_t propagation) {
    const std::string recursive = propagation & MS_REC ? "r" : "";
    if (propagation & MS_SHARED) return recursive + "shared";
    if (propagation & MS_SLAVE) return recursive + "slave";
    return recursive + (propagation & MS_UNBINDABLE ? "unbindable" : "private");
}

/// What a step's errno means where the kernel's word for it says too little.
std::string hint(const Step& step, int error) {
    const bool binds = step.kind == StepKind::mount_bind || step.kind == StepKind::grab_tree;
    if (binds && !step.recursive && error == EINVAL)
        return " (other file systems are mounted below the source: the kernel shows it to ordinary users only with them, rbind)";
    if (step.subpath != nullptr && (error == ENOENT || error == ENOTDIR)) return cat(" (is there a \"", step.subpath, "\" in the source?)");
    if ((step.kind == StepKind::fuse_root || step.kind == StepKind::fuse_lower) && error == ENOENT) return " (is there a /dev/fuse? `modprobe fuse` makes it)";
    const bool places = step.kind == StepKind::mount_bind || step.kind == StepKind::mount_tree;
    if (step.kind == StepKind::change_mount && error == EINVAL) return " (nothing is mounted there)";
    if (places && error == ENOTDIR) return " (a directory is mounted on directories only)";
    if (places && error == EISDIR) return " (a file is mounted on files only)";
    return "";
}

Error exec_error(const std::string& command, int error) {
    if (error == ENOENT || error == ENOTDIR)
        return Error("\"", command, "\": no such command in the container (or its interpreter is missing)")
            .with_exit_code(exit_code::not_found);
    std::string hint;
    if (error == EACCES) hint = " (no execute permission for the container's user, or a noexec mount)";
    if (error == ENOEXEC) hint = " (not a program for this machine's architecture, or a script without #! line)";
    return Error("cannot execute \"", command, "\": ", reason(error), hint).with_exit_code(exit_code::not_executable);
}

Error process_error(const std::string& cwd, const ChildReport& report) {
    if (report.detail == -1)
        return Error("working directory \"", cwd, "\": ", reason(report.error), " in the container")
            .with_exit_code(report.error == ENOENT ? exit_code::not_found : exit_code::not_executable);
    if (report.detail == -2) return Error("working directory \"", cwd, "\" is outside the container").with_exit_code(exit_code::not_executable);
    return Error("cannot set up the container's process (child_process.cc:", report.detail, "): ", reason(report.error));
}

} // namespace

std::string ChildProgram::hint_at(std::size_t index, int error) const {
    const std::size_t outer = outer_steps_.size();
    if (index < outer) return hint(outer_steps_[index], error);
    return index - outer < steps_.size() ? hint(steps_[index - outer], error) : "";
}

bool ChildProgram::has_listener() const noexcept { return (plan_.process.seccomp_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0; }

void ChildProgram::give_listener(pid_t pid, UniqueFd listener) const {
    if (!on_listener_) throw Error("seccomp: SCMP_ACT_NOTIFY: nobody here takes the listener");
    on_listener_(pid, std::move(listener));
}

Error ChildProgram::explain(const ChildReport& report) const {
    switch (report.stage) {
    case ChildStage::step: {
        const auto index = static_cast<std::size_t>(report.detail);
        const std::string what = index < words_.size() ? words_[index] : "unknown step";
        if (report.error == ESTALE) return Error("cannot ", what, ": the source was exchanged while the container started");
        if (report.error == ELOOP) return Error("cannot ", what, ": a symbolic link in the image stands where none may, or there are too many");
        return Error("cannot ", what, ": ", reason(report.error), hint_at(index, report.error));
    }
    case ChildStage::exec: return exec_error(command_, report.error);
    case ChildStage::process: return process_error(cwd_, report);
    case ChildStage::join: return Error(plan_.outer.used ? "cannot join what is shared: " : "cannot enter the container: ", reason(report.error), " (child.cc:", report.detail, ")");
    case ChildStage::terminal: return Error("cannot open a terminal in the container: ", reason(report.error));
    case ChildStage::stdio: return Error("cannot pass on the standard streams: ", reason(report.error));
    case ChildStage::namespaces:
        return Error("cannot become root of the container's user namespace: ", reason(report.error), " (child.cc:", report.detail, ")");
    case ChildStage::handshake:
    case ChildStage::held:
    case ChildStage::paused:
    case ChildStage::listening:
    case ChildStage::started: break;
    }
    return Error("the container's process was killed before it started");
}

std::string ChildProgram::to_text() const {
    std::string text;
    std::vector<Step> all = outer_steps_;
    all.insert(all.end(), steps_.begin(), steps_.end());
    for (const Step& step : all) {
        if (&step - all.data() < std::ssize(outer_steps_)) text += "outer ";
        text += kind_name(step.kind);
        if (step.path != nullptr) text += cat(" ", step.path);
        if (step.source != nullptr) text += cat(" <- ", step.source);
        for (const FsOption* o = step.options; o != nullptr && o->key != nullptr; ++o)
            text += cat(" ", o->key, o->value != nullptr ? "=" : "", o->value != nullptr ? o->value : "");
        if (step.subpath != nullptr) text += cat(" part=", step.subpath);
        if (step.attributes != 0) text += cat(" attributes=", step.attributes);
        if (step.kind == StepKind::mount_bind && !step.recursive) text += " alone";
        if (step.propagation != 0 && step.propagation != (MS_PRIVATE | MS_REC)) text += cat(" propagation=", propagation_name(step.propagation));
        if (step.fixed_path) text += " fixed";
        if (step.optional) text += " optional";
        text += '\n';
    }
    return text;
}

} // namespace rootless
