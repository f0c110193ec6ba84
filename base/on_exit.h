// Scope guard: each undo is declared on the line after the act and disarmed at commit.
#pragma once

#include <utility>

template <class F>
class OnExit {
public:
    explicit OnExit(F undo) noexcept : undo_(std::move(undo)) {}
    OnExit(const OnExit&) = delete;
    OnExit& operator=(const OnExit&) = delete;
    ~OnExit() {
        if (armed_) undo_();
    }
    void disarm() noexcept { armed_ = false; }

private:
    F undo_; ///< must not throw
    bool armed_ = true;
};
