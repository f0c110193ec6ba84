// The tables that cli/spec.cc lists; private to it and to the files that define them.
#pragma once

#include "cli/spec.h"

namespace cli {

extern const CommandSpec run_spec, create_spec;                                            // spec_run.cc
extern const CommandSpec start_spec, stop_spec, kill_spec, rm_spec, wait_spec, exec_spec;  // spec_containers.cc
extern const CommandSpec ps_spec, logs_spec, inspect_spec, version_spec, info_spec;        // spec_look.cc
extern const CommandSpec pull_spec, images_spec, rmi_spec, tag_spec, load_spec;            // spec_images.cc
extern const CommandSpec container_group, image_group;                                     // spec_groups.cc

inline constexpr std::string_view group_run = "Running containers";
inline constexpr std::string_view group_manage = "Managing containers";
inline constexpr std::string_view group_images = "Images";
inline constexpr std::string_view group_about = "About";
inline constexpr std::string_view group_groups = "Groups of commands";

/// The same words for the same thing in every command.
inline constexpr std::string_view format_help =
    "Print with a Go template, such as {{.State.Pid}}, as \"table\" and a template, or as json";

} // namespace cli
