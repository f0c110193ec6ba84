// Looking things up in the description of the commands, see cli/spec.h.
#include "cli/spec.h"

#include "cli/spec_tables.h"

#include <algorithm>

namespace cli {
namespace {

constexpr OptionSpec program_options[] = {
    {.long_name = "version", .short_name = 'v', .help = "Print the version"},
    {.long_name = "single-id",
     .help = "Work with your own user id alone, without subordinate ids: for images that need one user\n"
             "(CTL_SINGLE_ID=1 in the environment does the same)"},
    {.long_name = "root", .value = "DIR",
     .help = "Keep images, containers and volumes in this directory (CTL_ROOT in the environment does the same)",
     .completes = Completes::files},
    {.long_name = "runroot", .value = "DIR",
     .help = "Keep sockets and what need not outlive a boot in this directory (CTL_RUNROOT does the same)",
     .completes = Completes::files},
    {.long_name = "tmpdir", .value = "DIR",
     .help = "Keep sockets and counters of running containers in this directory and not in --runroot (CTL_TMPDIR does the same). What is\n"
             "downloaded does not go there",
     .completes = Completes::files},
    {.long_name = "imagestore", .value = "DIR",
     .help = "Keep images in this directory, which several --root can share, and everything else in --root, whose own images can\n"
             "still be used (CTL_IMAGESTORE does the same)",
     .completes = Completes::files},
    {.long_name = "transient-store",
     .help = "Make containers that a reboot ends for good: what is written is not held to be safe on disk, and they are gone with\n"
             "all their files afterwards (CTL_TRANSIENT_STORE=1 does the same)"},
    {.long_name = "storage-driver", .value = "DRIVER",
     .help = "What shows containers their files: overlay, the kernel's; fuse, ctl's own, which is taken by itself where the kernel's\n"
             "does not work; or combined, the kernel's over ours, which shows other owners at once. New containers keep what is said\n"
             "here (CTL_STORAGE_DRIVER does the same)",
     .completes = Completes::words, .words = "overlay fuse combined"},
    {.long_name = "storage-opt", .value = "KEY=VALUE", .repeatable = true,
     .help = "additionalimagestore=DIR: use the images of that data root as well, which is only read; force_mask=shared: let all\n"
             "users read the images of a data root that is made now (CTL_IMAGE_STORES, CTL_FORCE_MASK)"},
    {.long_name = "runtime", .value = "NAME|PATH", .default_text = "ctl",
     .help = "As the option of run and create: another OCI runtime for containers that are made by this command"},
    {.long_name = "runtime-flag", .value = "FLAG", .repeatable = true, .help = "An option of that runtime, without its dashes: debug"},
    {.long_name = "module", .value = "FILE", .repeatable = true,
     .help = "Read a further containers.conf: a path, or a name in a directory containers.conf.modules",
     .completes = Completes::files},
};

constexpr ExampleSpec program_examples[] = {
    {"ctl run -d --name web -p 8080:80 nginx", "Start a web server in the background, on port 8080 of this machine."},
    {"ctl ps", "See what is running."},
    {"ctl logs -f web", "Follow what it prints."},
    {"ctl exec -it web sh", "Open a shell in it."},
    {"ctl stop web", "End it; `ctl rm web` removes it."},
};

constexpr const CommandSpec* all_commands[] = {
    // running
    &run_spec,
    &create_spec,
    &exec_spec,
    &attach_spec,
    // managing
    &ps_spec,
    &logs_spec,
    &start_spec,
    &init_spec,
    &stop_spec,
    &kill_spec,
    &wait_spec,
    &restart_spec,
    &pause_spec,
    &unpause_spec,
    &rename_spec,
    &port_spec,
    &rm_spec,
    &update_spec,
    &inspect_spec,
    &cp_spec,
    &diff_spec,
    &export_spec,
    &commit_spec,
    &top_spec,
    &stats_spec,
    &network_stats_spec,
    &network_capture_spec,
    &mount_spec,
    &umount_spec,
    &container_clone_spec,
    &exists_spec,
    &prune_spec,
    &cleanup_spec,
    // images
    &pull_spec,
    &push_spec,
    &images_spec,
    &tag_spec,
    &untag_spec,
    &rmi_spec,
    &history_spec,
    &image_copy_spec,
    &image_sync_spec,
    &image_delete_spec,
    &image_referrers_spec,
    &image_sign_spec,
    &image_exists_spec,
    &image_inspect_spec,
    &image_tree_spec,
    &image_mount_spec, &image_unmount_spec,
    &image_prune_spec,
    &trust_group,
    &trust_show_spec,
    &trust_set_spec,
    &manifest_create_spec,
    &manifest_add_spec,
    &manifest_annotate_spec,
    &manifest_inspect_spec,
    &manifest_push_spec,
    &manifest_remove_spec,
    &manifest_rm_spec,
    &manifest_exists_spec,
    &artifact_add_spec,
    &artifact_extract_spec,
    &artifact_inspect_spec,
    &artifact_ls_spec,
    &artifact_pull_spec,
    &artifact_push_spec,
    &artifact_rm_spec,
    &load_spec,
    &import_spec,
    &save_spec,
    &login_spec,
    &logout_spec,
    &search_spec,
    // volumes
    &volume_create_spec,
    &volume_ls_spec,
    &volume_inspect_spec,
    &volume_exists_spec,
    &volume_rm_spec,
    &volume_prune_spec,
    &volume_reload_spec,
    &volume_mount_spec,
    &volume_unmount_spec,
    &volume_export_spec,
    &volume_import_spec,
    &secret_create_spec,
    &secret_ls_spec,
    &secret_inspect_spec,
    &secret_exists_spec,
    &secret_rm_spec,
    // about
    &info_spec,
    &unshare_spec,
    &generate_spec_spec,
    &oci_create_spec,
    &oci_run_spec,
    &oci_start_spec,
    &oci_state_spec,
    &oci_kill_spec,
    &oci_delete_spec,
    &oci_exec_spec,
    &oci_ps_spec,
    &oci_list_spec,
    &oci_pause_spec,
    &oci_resume_spec,
    &oci_update_spec,
    &oci_features_spec,
    &oci_spec_spec,
    &oci_events_spec,
    &system_check_spec,
    &system_df_spec,
    &system_prune_spec,
    &system_reset_spec,
    &version_spec,
    &events_spec,
    // groups
    &container_group,
    &image_group,
    &artifact_group,
    &manifest_group,
    &system_group,
    &volume_group,
    &network_group,
    &generate_group,
    &oci_group,
    &secret_group,
};

} // namespace

constexpr CommandSpec program_spec{
    .name = "",
    .brief = "Run containers as an ordinary user, without a daemon",
    .description =
        "ctl pulls container images and runs containers as an ordinary user. There is no daemon and nothing runs when no "
        "container does. Commands, options and output are Podman's; an option of Podman's that ctl does not have yet is an "
        "error, never ignored.\n\n"
        "Images are kept in $XDG_DATA_HOME/ctl (~/.local/share/ctl), or where --root says. Inside a container root is you, and the other users "
        "are the subordinate ids that /etc/subuid and /etc/subgid give to you.",
    .examples = program_examples,
    .arguments = group_arguments,
    .options = program_options,
    .ends_options_at_argument = true,
};

bool has_short_help(std::span<const OptionSpec> options) {
    return std::ranges::none_of(options, [](const OptionSpec& option) { return option.short_name == 'h'; });
}

std::span<const CommandSpec* const> commands() { return all_commands; }

std::vector<std::string_view> names_of(const CommandSpec& command) {
    std::vector<std::string_view> names{command.name};
    for (std::string_view rest = command.aliases; !rest.empty();) {
        names.push_back(rest.substr(0, rest.find(',')));
        rest.remove_prefix(std::min(rest.size(), names.back().size() + 1));
    }
    return names;
}

const CommandSpec* find_command(std::string_view name) {
    for (const CommandSpec* command : commands())
        if (command->name == name) return command;
    for (const CommandSpec* command : commands())
        if (std::ranges::count(names_of(*command), name) != 0) return command;
    return nullptr;
}

std::vector<GroupMember> members_of(const CommandSpec& group) {
    std::vector<GroupMember> members;
    for (const CommandSpec* command : commands())
        for (const std::string_view name : names_of(*command)) {
            const auto blank = name.rfind(' ');
            if (blank != std::string_view::npos && name.substr(0, blank) == group.name)
                members.push_back({name.substr(blank + 1), command});
        }
    std::ranges::sort(members, {}, &GroupMember::word);
    return members;
}

const OptionSpec* find_option(const CommandSpec& command, std::string_view long_name) {
    if (long_name.empty()) return nullptr;
    if (long_name == help_option.long_name) return &help_option;
    for (const OptionSpec& option : command.options)
        if (option.long_name == long_name || option.alias == long_name) return &option;
    return nullptr;
}

const OptionSpec* find_option(const CommandSpec& command, char short_name) {
    for (const OptionSpec& option : command.options)
        if (short_name != '\0' && option.short_name == short_name) return &option;
    return short_name == 'h' ? &help_option : nullptr;
}

std::string usage(const CommandSpec& command) {
    std::string line = "[options]";
    for (const ArgumentSpec& argument : command.arguments) {
        line += argument.required ? " " : " [";
        line += argument.name;
        if (argument.repeatable) line += "...";
        if (!argument.required) line += ']';
    }
    return line;
}

} // namespace cli
