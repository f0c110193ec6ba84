// Several jobs at a time.
#pragma once

#include <cstddef>
#include <functional>

namespace lib::worker {

/// How many threads are worth it for so many layers (storage.md §4: more than cores + 1 gain nothing, more than three
/// connections are impolite).
std::size_t parallelism(std::size_t jobs);

/// Calls job(0) to job(count - 1). Throws the first failure, after those that had begun have ended; the others are not begun.
void run_parallel(std::size_t count, const std::function<void(std::size_t)>& job);

} // namespace lib::worker
