// What an expression's Error says; empty when it throws none.
#pragma once

#include "base/error.h"

#include <string>

template <class F>
std::string error_text(F f) {
    try {
        f();
    } catch (const Error& e) {
        return e.what();
    }
    return {};
}
