// The table of the commands, see cli/command.h.
#include "cli/command.h"

#include "cli/commands.h"

#include <algorithm>
#include <iterator>

namespace cli {
namespace {

struct Entry {
    std::string_view name;
    CommandFunction function;
};

constexpr Entry entries[] = {
    {"artifact add", cmd_artifact_add},
    {"artifact extract", cmd_artifact_extract},
    {"artifact inspect", cmd_artifact_inspect},
    {"artifact ls", cmd_artifact_ls},
    {"artifact pull", cmd_artifact_pull},
    {"artifact push", cmd_artifact_push},
    {"artifact rm", cmd_artifact_rm},
    {"attach", cmd_attach},
    {"commit", cmd_commit},
    {"container cleanup", cmd_container_cleanup},
    {"container clone", cmd_container_clone},
    {"container exists", cmd_container_exists},
    {"container prune", cmd_container_prune},
    {"cp", cmd_cp},
    {"create", cmd_create},
    {"diff", cmd_diff},
    {"events", cmd_events},
    {"exec", cmd_exec},
    {"export", cmd_export},
    {"history", cmd_history},
    {"image copy", cmd_image_copy},
    {"image delete", cmd_image_delete},
    {"image exists", cmd_image_exists},
    {"image inspect", cmd_image_inspect},
    {"image prune", cmd_image_prune},
    {"image mount", cmd_image_mount},
    {"image unmount", cmd_image_unmount},
    {"image referrers", cmd_image_referrers},
    {"image sign", cmd_image_sign},
    {"image sync", cmd_image_sync},
    {"image tree", cmd_image_tree},
    {"image trust set", cmd_trust_set},
    {"image trust show", cmd_trust_show},
    {"images", cmd_images},
    {"import", cmd_import},
    {"info", cmd_info},
    {"init", cmd_init},
    {"inspect", cmd_inspect},
    {"kill", cmd_kill},
    {"load", cmd_load},
    {"login", cmd_login},
    {"logout", cmd_logout},
    {"logs", cmd_logs},
    {"manifest add", cmd_manifest_add},
    {"manifest annotate", cmd_manifest_annotate},
    {"manifest create", cmd_manifest_create},
    {"manifest exists", cmd_manifest_exists},
    {"manifest inspect", cmd_manifest_inspect},
    {"manifest push", cmd_manifest_push},
    {"manifest remove", cmd_manifest_remove},
    {"manifest rm", cmd_manifest_rm},
    {"mount", cmd_mount},
    {"generate spec", cmd_generate_spec},
    {"oci create", cmd_oci_create},
    {"oci delete", cmd_oci_delete},
    {"oci events", cmd_oci_events},
    {"oci exec", cmd_oci_exec},
    {"oci features", cmd_oci_features},
    {"oci kill", cmd_oci_kill},
    {"oci list", cmd_oci_list},
    {"oci pause", cmd_oci_pause},
    {"oci ps", cmd_oci_ps},
    {"oci resume", cmd_oci_resume},
    {"oci run", cmd_oci_run},
    {"oci spec", cmd_oci_spec},
    {"oci start", cmd_oci_start},
    {"oci state", cmd_oci_state},
    {"oci update", cmd_oci_update},
    {"pause", cmd_pause},
    {"port", cmd_port},
    {"ps", cmd_ps},
    {"pull", cmd_pull},
    {"push", cmd_push},
    {"rename", cmd_rename},
    {"restart", cmd_restart},
    {"rm", cmd_rm},
    {"rmi", cmd_rmi},
    {"run", cmd_run},
    {"save", cmd_save},
    {"search", cmd_search},
    {"secret create", cmd_secret_create},
    {"secret exists", cmd_secret_exists},
    {"secret inspect", cmd_secret_inspect},
    {"secret ls", cmd_secret_ls},
    {"secret rm", cmd_secret_rm},
    {"start", cmd_start},
    {"network capture", cmd_network_capture},
    {"network stats", cmd_network_stats},
    {"stats", cmd_stats},
    {"stop", cmd_stop},
    {"system check", cmd_system_check},
    {"system df", cmd_system_df},
    {"system prune", cmd_system_prune},
    {"system reset", cmd_system_reset},
    {"tag", cmd_tag},
    {"top", cmd_top},
    {"umount", cmd_umount},
    {"unpause", cmd_unpause},
    {"unshare", cmd_unshare},
    {"untag", cmd_untag},
    {"update", cmd_update},
    {"version", cmd_version},
    {"volume create", cmd_volume_create},
    {"volume exists", cmd_volume_exists},
    {"volume export", cmd_volume_export},
    {"volume import", cmd_volume_import},
    {"volume inspect", cmd_volume_inspect},
    {"volume ls", cmd_volume_ls},
    {"volume mount", cmd_volume_mount},
    {"volume prune", cmd_volume_prune},
    {"volume reload", cmd_volume_reload},
    {"volume rm", cmd_volume_rm},
    {"volume unmount", cmd_volume_unmount},
    {"wait", cmd_wait},
};

} // namespace

lib::Engine Globals::make_engine() const {
    const char* driver = std::getenv(lib::storage_driver_variable);
    return {.paths = Paths::detect(),
            .maps = {},
            .id_policy = single_id ? rootless::IdPolicy::single : rootless::IdPolicy::subordinate,
            .storage_driver = lib::parse_storage_driver(driver != nullptr ? driver : "")};
}

CommandFunction find_command_function(std::string_view name) {
    const auto found = std::ranges::find(entries, name, &Entry::name);
    return found == std::end(entries) ? nullptr : found->function;
}

} // namespace cli
