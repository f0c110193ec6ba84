// See lib/worker/parallel.h.
#include "lib/worker/parallel.h"

#include "base/on_exit.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace lib::worker {

std::size_t parallelism(std::size_t jobs) {
    return std::min({jobs, std::size_t{3}, std::size_t{std::max(1U, std::thread::hardware_concurrency())} + 1});
}

void run_parallel(std::size_t count, const std::function<void(std::size_t)>& job) {
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    std::exception_ptr error;
    std::mutex mutex;
    const auto work = [&]() noexcept {
        while (!failed) {
            const std::size_t mine = next++;
            if (mine >= count) return;
            try {
                job(mine);
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failed.exchange(true)) error = std::current_exception();
            }
        }
    };
    std::vector<std::thread> threads;
    {
        OnExit join([&] {
            for (std::thread& thread : threads) thread.join();
        });
        for (std::size_t i = 0; i < parallelism(count); ++i) threads.emplace_back(work);
    }
    if (error) std::rethrow_exception(error);
}

} // namespace lib::worker
