// The commands, each in its own file cmd_<name>.cc: they fill the request structs of lib/, call it, and print.
#pragma once

#include "cli/command.h"
#include "lib/containers.h"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

int cmd_artifact_add(const ParsedCommand& command, const Globals& globals);
int cmd_artifact_extract(const ParsedCommand& command, const Globals& globals);
int cmd_artifact_inspect(const ParsedCommand& command, const Globals& globals);
int cmd_artifact_ls(const ParsedCommand& command, const Globals& globals);
int cmd_artifact_pull(const ParsedCommand& command, const Globals& globals);
int cmd_artifact_push(const ParsedCommand& command, const Globals& globals);
int cmd_artifact_rm(const ParsedCommand& command, const Globals& globals);
int cmd_attach(const ParsedCommand& command, const Globals& globals);
int cmd_commit(const ParsedCommand& command, const Globals& globals);
int cmd_container_cleanup(const ParsedCommand& command, const Globals& globals);
int cmd_container_clone(const ParsedCommand& command, const Globals& globals);
int cmd_container_exists(const ParsedCommand& command, const Globals& globals);
int cmd_container_prune(const ParsedCommand& command, const Globals& globals);
int cmd_cp(const ParsedCommand& command, const Globals& globals);
int cmd_create(const ParsedCommand& command, const Globals& globals);
int cmd_diff(const ParsedCommand& command, const Globals& globals);
int cmd_events(const ParsedCommand& command, const Globals& globals);
int cmd_exec(const ParsedCommand& command, const Globals& globals);
int cmd_export(const ParsedCommand& command, const Globals& globals);
int cmd_history(const ParsedCommand& command, const Globals& globals);
int cmd_image_copy(const ParsedCommand& command, const Globals& globals);
int cmd_image_inspect(const ParsedCommand& command, const Globals& globals);
int cmd_image_delete(const ParsedCommand& command, const Globals& globals);
int cmd_image_referrers(const ParsedCommand& command, const Globals& globals);
int cmd_image_sign(const ParsedCommand& command, const Globals& globals);
int cmd_image_exists(const ParsedCommand& command, const Globals& globals);
int cmd_image_prune(const ParsedCommand& command, const Globals& globals);
int cmd_image_sync(const ParsedCommand& command, const Globals& globals);
int cmd_image_tree(const ParsedCommand& command, const Globals& globals);
int cmd_image_mount(const ParsedCommand& command, const Globals& globals);
int cmd_image_unmount(const ParsedCommand& command, const Globals& globals);
int cmd_images(const ParsedCommand& command, const Globals& globals);
int cmd_import(const ParsedCommand& command, const Globals& globals);
int cmd_info(const ParsedCommand& command, const Globals& globals);
int cmd_init(const ParsedCommand& command, const Globals& globals);
int cmd_inspect(const ParsedCommand& command, const Globals& globals);
int cmd_kill(const ParsedCommand& command, const Globals& globals);
int cmd_load(const ParsedCommand& command, const Globals& globals);
int cmd_login(const ParsedCommand& command, const Globals& globals);
int cmd_logout(const ParsedCommand& command, const Globals& globals);
int cmd_logs(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_add(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_annotate(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_create(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_exists(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_inspect(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_push(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_remove(const ParsedCommand& command, const Globals& globals);
int cmd_manifest_rm(const ParsedCommand& command, const Globals& globals);
int cmd_mount(const ParsedCommand& command, const Globals& globals);
int cmd_pause(const ParsedCommand& command, const Globals& globals);
int cmd_port(const ParsedCommand& command, const Globals& globals);
int cmd_ps(const ParsedCommand& command, const Globals& globals);
int cmd_pull(const ParsedCommand& command, const Globals& globals);
int cmd_push(const ParsedCommand& command, const Globals& globals);
int cmd_rename(const ParsedCommand& command, const Globals& globals);
int cmd_restart(const ParsedCommand& command, const Globals& globals);
int cmd_rm(const ParsedCommand& command, const Globals& globals);
int cmd_rmi(const ParsedCommand& command, const Globals& globals);
int cmd_run(const ParsedCommand& command, const Globals& globals);
int cmd_save(const ParsedCommand& command, const Globals& globals);
int cmd_search(const ParsedCommand& command, const Globals& globals);
int cmd_generate_spec(const ParsedCommand& command, const Globals& globals);
int cmd_oci_create(const ParsedCommand& command, const Globals& globals);
int cmd_oci_delete(const ParsedCommand& command, const Globals& globals);
int cmd_oci_events(const ParsedCommand& command, const Globals& globals);
int cmd_oci_exec(const ParsedCommand& command, const Globals& globals);
int cmd_oci_features(const ParsedCommand& command, const Globals& globals);
int cmd_oci_kill(const ParsedCommand& command, const Globals& globals);
int cmd_oci_list(const ParsedCommand& command, const Globals& globals);
int cmd_oci_pause(const ParsedCommand& command, const Globals& globals);
int cmd_oci_ps(const ParsedCommand& command, const Globals& globals);
int cmd_oci_resume(const ParsedCommand& command, const Globals& globals);
int cmd_oci_run(const ParsedCommand& command, const Globals& globals);
int cmd_oci_spec(const ParsedCommand& command, const Globals& globals);
int cmd_oci_start(const ParsedCommand& command, const Globals& globals);
int cmd_oci_state(const ParsedCommand& command, const Globals& globals);
int cmd_oci_update(const ParsedCommand& command, const Globals& globals);
int cmd_secret_create(const ParsedCommand& command, const Globals& globals);
int cmd_secret_exists(const ParsedCommand& command, const Globals& globals);
int cmd_secret_inspect(const ParsedCommand& command, const Globals& globals);
int cmd_secret_ls(const ParsedCommand& command, const Globals& globals);
int cmd_secret_rm(const ParsedCommand& command, const Globals& globals);
int cmd_start(const ParsedCommand& command, const Globals& globals);
int cmd_network_capture(const ParsedCommand& command, const Globals& globals);
int cmd_network_stats(const ParsedCommand& command, const Globals& globals);
int cmd_stats(const ParsedCommand& command, const Globals& globals);
int cmd_stop(const ParsedCommand& command, const Globals& globals);
int cmd_system_check(const ParsedCommand& command, const Globals& globals);
int cmd_system_df(const ParsedCommand& command, const Globals& globals);
int cmd_system_prune(const ParsedCommand& command, const Globals& globals);
int cmd_system_reset(const ParsedCommand& command, const Globals& globals);
int cmd_tag(const ParsedCommand& command, const Globals& globals);
int cmd_top(const ParsedCommand& command, const Globals& globals);
int cmd_umount(const ParsedCommand& command, const Globals& globals);
int cmd_trust_set(const ParsedCommand& command, const Globals& globals);
int cmd_trust_show(const ParsedCommand& command, const Globals& globals);
int cmd_unpause(const ParsedCommand& command, const Globals& globals);
int cmd_unshare(const ParsedCommand& command, const Globals& globals);
int cmd_untag(const ParsedCommand& command, const Globals& globals);
int cmd_update(const ParsedCommand& command, const Globals& globals);
int cmd_version(const ParsedCommand& command, const Globals& globals);
int cmd_volume_create(const ParsedCommand& command, const Globals& globals);
int cmd_volume_exists(const ParsedCommand& command, const Globals& globals);
int cmd_volume_export(const ParsedCommand& command, const Globals& globals);
int cmd_volume_import(const ParsedCommand& command, const Globals& globals);
int cmd_volume_inspect(const ParsedCommand& command, const Globals& globals);
int cmd_volume_ls(const ParsedCommand& command, const Globals& globals);
int cmd_volume_mount(const ParsedCommand& command, const Globals& globals);
int cmd_volume_prune(const ParsedCommand& command, const Globals& globals);
int cmd_volume_reload(const ParsedCommand& command, const Globals& globals);
int cmd_volume_rm(const ParsedCommand& command, const Globals& globals);
int cmd_volume_unmount(const ParsedCommand& command, const Globals& globals);
int cmd_wait(const ParsedCommand& command, const Globals& globals);

/// `ctl __complete containers|running|images|objects`: what the completion scripts ask for, one name a line. Silent
/// about errors: a shell's completion is no place for them.
inline constexpr std::string_view complete_command = "__complete";
int complete(const std::vector<std::string>& words, const Globals& globals);

/// "ctl: warning: …" on standard error.
void print_warnings(const std::vector<std::string>& warnings);

/// Whether there is something of a container to stop: it runs, is held, or is about to run (again).
bool is_active(const lib::ContainerSummary& container);

enum class Running { only, or_not };
/// Full ids, the newest first.
std::vector<std::string> container_ids(const lib::Engine& engine, Running running);

} // namespace cli
