// A directory for one test case.
#pragma once

#include "base/files.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>

#include <string>

struct TempDir {
    std::string path = [] {
        char name[] = "/tmp/ctl-lib-XXXXXX";
        REQUIRE(::mkdtemp(name) != nullptr);
        return std::string(name);
    }();
    TempDir() = default;
    TempDir(const TempDir&) = delete;
    TempDir& operator=(const TempDir&) = delete;
    ~TempDir() { files::remove_tree(AT_FDCWD, path); }
};
