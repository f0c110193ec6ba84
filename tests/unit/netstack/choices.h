// Where a test that tries all kinds of things takes its decisions from: a generator with a fixed seed, or the bytes of a fuzzer's input.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>

namespace hostile {

/// What must hold whatever is chosen: no framework's, for the fuzzer has none.
inline void expect(bool holds, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
    if (holds) return;
    std::fprintf(stderr, "%s:%d: does not hold\n", file, line);
    std::abort();
}

class Choices {
public:
    virtual ~Choices() = default;
    /// 0 to bound - 1; `bound` is not 0.
    virtual std::uint32_t below(std::uint32_t bound) = 0;
    std::uint32_t any() { return below(1U << 16) << 16 | below(1U << 16); }
};

class RandomChoices final : public Choices {
public:
    explicit RandomChoices(unsigned seed) : random_(seed) {}
    std::uint32_t below(std::uint32_t bound) override { return static_cast<std::uint32_t>(random_() >> 4) % bound; }

private:
    std::minstd_rand random_;
};

/// At the end of the data everything is 0.
class GivenChoices final : public Choices {
public:
    explicit GivenChoices(std::span<const std::byte> data) : data_(data) {}
    std::uint32_t below(std::uint32_t bound) override {
        std::uint32_t value = 0;
        for (std::uint32_t left = bound - 1; left > 0; left >>= 8) value = value << 8 | next();
        return value % bound;
    }
    bool is_at_end() const { return data_.empty(); }

private:
    std::uint32_t next() {
        if (data_.empty()) return 0;
        const auto byte = static_cast<std::uint32_t>(data_.front());
        data_ = data_.subspan(1);
        return byte;
    }
    std::span<const std::byte> data_;
};

} // namespace hostile
