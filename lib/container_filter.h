// `--filter key=value` over containers, with podman-ps(1)'s keys and its rules: filters of one key are alternatives, except
// labels, which must all match; those of different keys must all match.
#pragma once

#include "lib/containers.h"
#include "lib/engine.h"
#include "lib/filter_tests.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lib {

class ContainerFilter {
public:
    /// Reads the words of all --filter options. Throws Error for a key or a value that cannot be meant, and for a container
    /// (before, since) that does not exist.
    ContainerFilter(const Engine& engine, const std::vector<std::string>& words, std::int64_t now_ns);

    bool matches(const ContainerSummary& container) const { return tests_.matches(container); }
    /// Whether a status is asked for, so that containers that do not run are meant as well.
    bool names_a_status() const { return tests_.has("status"); }

private:
    FilterTests<ContainerSummary> tests_;
};

} // namespace lib
