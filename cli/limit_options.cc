// Resource limits as typed, see cli/limit_options.h. What they mean is lib/limits.cc's matter.
#include "cli/limit_options.h"

#include "base/error.h"
#include "cli/values.h"

namespace cli {
namespace {

/// 0 is Podman's word for "no limit" with most of these.
std::optional<std::int64_t> find_size(const ParsedCommand& command, std::string_view option) {
    const auto text = command.find(option);
    if (!text) return std::nullopt;
    return parse_size(option, *text);
}

std::optional<std::uint64_t> find_number(const ParsedCommand& command, std::string_view option, std::int64_t least) {
    const auto text = command.find(option);
    if (!text) return std::nullopt;
    return static_cast<std::uint64_t>(parse_integer(option, *text, least));
}

/// "-1" stands for no limit, and so does any other negative number with Podman.
std::optional<std::int64_t> find_swap(const ParsedCommand& command) {
    const auto text = command.find("memory-swap");
    if (!text) return std::nullopt;
    return *text == "-1" ? -1 : parse_size("memory-swap", *text);
}

enum class Unit { bytes, number };

/// DEVICE:VALUE, each for one block device.
std::vector<lib::DeviceLimit> device_limits(const ParsedCommand& command, std::string_view option, Unit unit) {
    std::vector<lib::DeviceLimit> limits;
    for (const std::string& text : command.list(option)) {
        const auto colon = text.rfind(':');
        if (colon == std::string::npos || colon == 0)
            throw Error("--", option, ": \"", text, "\" is not a device and a value, as in /dev/sda:", unit == Unit::bytes ? "1mb" : "100");
        const std::string value = text.substr(colon + 1);
        const std::int64_t number = unit == Unit::bytes ? parse_size(option, value) : parse_integer(option, value, 0);
        limits.push_back({text.substr(0, colon), static_cast<std::uint64_t>(number)});
    }
    return limits;
}

} // namespace

lib::LimitOptions read_limit_options(const ParsedCommand& command) {
    lib::LimitOptions limits;
    if (const auto cpus = command.find("cpus")) limits.cpus = parse_decimal("cpus", *cpus);
    if (const auto quota = command.find("cpu-quota")) limits.cpu_quota = parse_integer("cpu-quota", *quota, -1);
    limits.cpu_period = find_number(command, "cpu-period", 0);
    limits.cpu_shares = find_number(command, "cpu-shares", 0);
    limits.cpuset_cpus = command.find("cpuset-cpus");
    limits.cpuset_mems = command.find("cpuset-mems");
    limits.memory = find_size(command, "memory");
    limits.memory_reservation = find_size(command, "memory-reservation");
    limits.memory_swap = find_swap(command);
    if (const auto pids = command.find("pids-limit")) {
        const std::int64_t number = parse_integer("pids-limit", *pids, -1);
        limits.pids = number == 0 ? -1 : number;
    }
    limits.blkio_weight = find_number(command, "blkio-weight", 0);
    limits.blkio_weight_device = device_limits(command, "blkio-weight-device", Unit::number);
    limits.device_read_bps = device_limits(command, "device-read-bps", Unit::bytes);
    limits.device_write_bps = device_limits(command, "device-write-bps", Unit::bytes);
    limits.device_read_iops = device_limits(command, "device-read-iops", Unit::number);
    limits.device_write_iops = device_limits(command, "device-write-iops", Unit::number);
    return limits;
}

} // namespace cli
