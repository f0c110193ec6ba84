// The process title, see base/process_title.h.
#include "base/process_title.h"

#include <sys/prctl.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace {

/// The memory of argv, which the kernel shows. The only mutable state of base/: there is one command line per process.
std::span<char> title_room;

} // namespace

void remember_process_title(int argc, char** argv) {
    if (argc == 0) return;
    char* const last = argv[argc - 1];
    title_room = {argv[0], static_cast<std::size_t>(last - argv[0]) + std::strlen(last) + 1};
}

std::span<char> process_title_room() { return title_room; }

void set_process_title(const std::string& title) {
    ::prctl(PR_SET_NAME, title.c_str());
    if (title_room.empty()) return;
    std::fill(title_room.begin(), title_room.end(), '\0');
    std::copy_n(title.begin(), std::min(title.size(), title_room.size() - 1), title_room.begin());
}
