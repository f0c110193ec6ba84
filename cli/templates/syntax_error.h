// Errors of templates: what is wrong, and at which character of the text.
#pragma once

#include "base/error.h"

#include <cstddef>

namespace cli::templates {

/// `offset` counts from 0; humans count from 1.
template <class... A>
[[noreturn]] void fail(std::size_t offset, const A&... what) {
    throw Error(what..., ", at character ", offset + 1);
}

} // namespace cli::templates
