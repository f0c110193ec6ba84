// What an expression's Error says; empty when it throws none. For tests of messages.
#pragma once

#include "base/error.h"

#include <string>

template <class F>
std::string error_of(F f) {
    try {
        f();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}
