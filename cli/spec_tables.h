// The tables that cli/spec.cc lists; private to it and to the files that define them.
#pragma once

#include "cli/spec.h"

namespace cli {

// spec_run.cc
extern const CommandSpec run_spec;
extern const CommandSpec create_spec;
// spec_containers.cc
extern const CommandSpec start_spec;
extern const CommandSpec stop_spec;
extern const CommandSpec kill_spec;
extern const CommandSpec rm_spec;
extern const CommandSpec wait_spec;
extern const CommandSpec exec_spec;
// spec_lifecycle.cc
extern const CommandSpec attach_spec;
extern const CommandSpec init_spec;
extern const CommandSpec restart_spec;
extern const CommandSpec pause_spec;
extern const CommandSpec unpause_spec;
extern const CommandSpec rename_spec;
extern const CommandSpec port_spec;
extern const CommandSpec exists_spec;
extern const CommandSpec prune_spec;
extern const CommandSpec cleanup_spec;
extern const CommandSpec events_spec;
// spec_look.cc
extern const CommandSpec ps_spec;
extern const CommandSpec logs_spec;
extern const CommandSpec inspect_spec;
extern const CommandSpec version_spec;
extern const CommandSpec info_spec;
// spec_images.cc
extern const CommandSpec pull_spec;
extern const CommandSpec images_spec;
extern const CommandSpec rmi_spec;
extern const CommandSpec tag_spec;
extern const CommandSpec load_spec;
// spec_login.cc
extern const CommandSpec login_spec;
extern const CommandSpec logout_spec;
// spec_push.cc
extern const CommandSpec save_spec;
extern const CommandSpec push_spec;
// spec_image.cc
extern const CommandSpec import_spec;
extern const CommandSpec image_prune_spec;
extern const CommandSpec image_tree_spec;
extern const CommandSpec image_mount_spec;
extern const CommandSpec image_unmount_spec;
extern const CommandSpec image_exists_spec;
extern const CommandSpec untag_spec;
extern const CommandSpec history_spec;
extern const CommandSpec search_spec;
// spec_image_inspect.cc
extern const CommandSpec image_inspect_spec;
// spec_sync.cc
extern const CommandSpec image_sync_spec;
// spec_image_remote.cc
extern const CommandSpec image_delete_spec;
extern const CommandSpec image_referrers_spec;
extern const CommandSpec image_sign_spec;
// spec_copy.cc
extern const CommandSpec image_copy_spec;
// spec_artifacts.cc
extern const CommandSpec artifact_group;
extern const CommandSpec artifact_add_spec;
extern const CommandSpec artifact_extract_spec;
extern const CommandSpec artifact_inspect_spec;
extern const CommandSpec artifact_ls_spec;
extern const CommandSpec artifact_pull_spec;
extern const CommandSpec artifact_push_spec;
extern const CommandSpec artifact_rm_spec;
// spec_trust.cc
extern const CommandSpec trust_show_spec;
extern const CommandSpec trust_set_spec;
// spec_manifest.cc
extern const CommandSpec manifest_group;
extern const CommandSpec manifest_exists_spec;
extern const CommandSpec manifest_rm_spec;
extern const CommandSpec manifest_remove_spec;
extern const CommandSpec manifest_push_spec;
extern const CommandSpec manifest_inspect_spec;
extern const CommandSpec manifest_annotate_spec;
extern const CommandSpec manifest_add_spec;
extern const CommandSpec manifest_create_spec;
// spec_system.cc
extern const CommandSpec unshare_spec;
extern const CommandSpec system_group;
extern const CommandSpec system_check_spec;
extern const CommandSpec system_df_spec;
extern const CommandSpec system_prune_spec;
extern const CommandSpec system_reset_spec;
// spec_files.cc
extern const CommandSpec cp_spec;
// spec_update.cc
extern const CommandSpec update_spec;
// spec_groups.cc
extern const CommandSpec generate_group;
extern const CommandSpec generate_spec_spec;
// spec_oci.cc
extern const CommandSpec oci_group;
extern const CommandSpec oci_create_spec;
extern const CommandSpec oci_run_spec;
extern const CommandSpec oci_start_spec;
extern const CommandSpec oci_state_spec;
extern const CommandSpec oci_kill_spec;
extern const CommandSpec oci_delete_spec;
extern const CommandSpec oci_exec_spec;
extern const CommandSpec oci_ps_spec;
extern const CommandSpec oci_list_spec;
extern const CommandSpec oci_pause_spec;
extern const CommandSpec oci_resume_spec;
extern const CommandSpec oci_update_spec;
extern const CommandSpec oci_features_spec;
extern const CommandSpec oci_spec_spec;
extern const CommandSpec oci_events_spec;

// spec_secrets.cc
extern const CommandSpec secret_group;
extern const CommandSpec secret_create_spec;
extern const CommandSpec secret_exists_spec;
extern const CommandSpec secret_inspect_spec;
extern const CommandSpec secret_ls_spec;
extern const CommandSpec secret_rm_spec;
// spec_network.cc
extern const CommandSpec network_group;
extern const CommandSpec network_stats_spec;
extern const CommandSpec network_capture_spec;
// spec_volumes.cc
extern const CommandSpec volume_group;
extern const CommandSpec volume_create_spec;
extern const CommandSpec volume_exists_spec;
extern const CommandSpec volume_export_spec;
extern const CommandSpec volume_import_spec;
extern const CommandSpec volume_inspect_spec;
extern const CommandSpec volume_ls_spec;
extern const CommandSpec volume_mount_spec;
extern const CommandSpec volume_prune_spec;
extern const CommandSpec volume_reload_spec;
extern const CommandSpec volume_rm_spec;
extern const CommandSpec volume_unmount_spec;
extern const CommandSpec diff_spec;
extern const CommandSpec export_spec;
extern const CommandSpec commit_spec;
extern const CommandSpec top_spec;
extern const CommandSpec stats_spec;
extern const CommandSpec mount_spec;
extern const CommandSpec umount_spec;
extern const CommandSpec container_clone_spec;
// spec_groups.cc
extern const CommandSpec container_group;
extern const CommandSpec image_group;
extern const CommandSpec trust_group;

/// What every group takes.
inline constexpr ArgumentSpec group_arguments[] = {
    {.name = "COMMAND", .help = "What to do", .required = false},
    {.name = "ARGUMENT", .help = "Options and arguments of the command", .required = false, .repeatable = true},
};

inline constexpr std::string_view group_run = "Running containers";
inline constexpr std::string_view group_manage = "Managing containers";
inline constexpr std::string_view group_images = "Images";
inline constexpr std::string_view group_volumes = "Volumes and secrets";
inline constexpr std::string_view group_about = "About";
inline constexpr std::string_view group_groups = "Groups of commands";

/// The same words for the same thing in every command.
inline constexpr std::string_view format_help =
    "Print with a Go template, such as {{.State.Pid}}, as \"table\" and a template, or as json";

} // namespace cli
