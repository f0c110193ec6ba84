// Options of run and create about resource limits. For cli/spec_run.cc.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec limits_options[] = {
    {.long_name = "cpus", .value = "NUMBER", .default_text = "no limit",
     .help = "Processors' worth of time the container may use, for example 0.5"},
    {.long_name = "cpu-period", .value = "MICROSECONDS", .default_text = "100000",
     .help = "Period that --cpu-quota is about"},
    {.long_name = "cpu-quota", .value = "MICROSECONDS", .default_text = "no limit",
     .help = "Processor time the container may use in each period"},
    {.long_name = "cpu-shares", .short_name = 'c', .value = "NUMBER", .default_text = "1024",
     .help = "Share of the processors when they are busy"},
    {.long_name = "cpuset-cpus", .value = "LIST", .help = "Processors the container may use, for example 0-2,5"},
    {.long_name = "cpuset-mems", .value = "LIST", .help = "Memory nodes the container may use"},
    {.long_name = "memory", .short_name = 'm', .value = "SIZE", .default_text = "no limit",
     .help = "Memory the container may use, for example 512m or 1g"},
    {.long_name = "memory-reservation", .value = "SIZE", .default_text = "none",
     .help = "Memory the container may keep when memory is short"},
    {.long_name = "memory-swap", .value = "SIZE", .default_text = "twice --memory",
     .help = "Memory and swap together; -1 for unlimited swap"},
    {.long_name = "pids-limit", .value = "NUMBER", .default_text = "no limit",
     .help = "Processes the container may have at a time; -1 for no limit"},
    {.long_name = "blkio-weight", .value = "NUMBER", .help = "Share of the disks when they are busy, 10 to 1000"},
    {.long_name = "blkio-weight-device", .value = "DEVICE:NUMBER", .repeatable = true, .help = "The same for one disk"},
    {.long_name = "device-read-bps", .value = "DEVICE:SIZE", .repeatable = true, .help = "Bytes a second to read from a disk"},
    {.long_name = "device-write-bps", .value = "DEVICE:SIZE", .repeatable = true, .help = "Bytes a second to write to a disk"},
    {.long_name = "device-read-iops", .value = "DEVICE:NUMBER", .repeatable = true, .help = "Reads a second from a disk"},
    {.long_name = "device-write-iops", .value = "DEVICE:NUMBER", .repeatable = true, .help = "Writes a second to a disk"},
};

/// Where the limits are held; of run and create alone.
inline constexpr OptionSpec cgroup_options[] = {
    {.long_name = "cgroups", .value = "MODE", .default_text = "enabled",
     .help = "Control group: enabled (one when there are limits), disabled, or split (beside the caller in the\n"
             "caller's own, for systemd services)",
     .completes = Completes::words, .words = "enabled disabled split no-conmon"},
    {.long_name = "cgroup-parent", .value = "PARENT",
     .help = "Slice of systemd, or path of a control group of yours, to make the container's in"},
    {.long_name = "cgroup-conf", .value = "FILE=VALUE", .repeatable = true,
     .help = "File of the container's control group to write, for example memory.high=1073741824"},
};

} // namespace cli
