// Writes layers out while they are still being unpacked, so that what makes them durable at the end (finish_durability) has little left
// to wait for. The kernel by itself begins when a tenth of the memory is dirty, which no image reaches.
#pragma once

#include "base/unique_fd.h"
#include "storage/store.h"

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace storage {

class WriteBehind {
public:
    explicit WriteBehind(const Store& store);
    WriteBehind(const WriteBehind&) = delete;
    WriteBehind& operator=(const WriteBehind&) = delete;
    /// Waits for the writing that is under way, if any.
    ~WriteBehind();

    /// So many bytes more have been unpacked. Any thread.
    void note(std::uint64_t bytes) noexcept;

private:
    void work() noexcept;

    UniqueFd layers_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t waiting_ = 0; ///< bytes
    bool ended_ = false;
    std::thread thread_;
};

} // namespace storage
