// What `ps` shows for our long-lived children: "ctl: monitor NAME", "ctl: net NAME".
#pragma once

#include <span>
#include <string>

/// Remembers where the kernel looks for the command line; called once by main, before anything keeps pointers into argv.
void remember_process_title(int argc, char** argv);

/// The memory that holds the command line, for zone C code that must overwrite it by itself; may be empty.
std::span<char> process_title_room();

/// Replaces the command line shown in /proc/PID/cmdline (cut to the room the original took) and the thread's name (15 bytes).
void set_process_title(const std::string& title);
