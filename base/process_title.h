// What `ps` shows for our long-lived children: "ctl: monitor NAME", "ctl: net NAME".
#pragma once

#include <string>

/// Remembers where the kernel looks for the command line; called once by main, before anything keeps pointers into argv.
void remember_process_title(int argc, char** argv);

/// Replaces the command line shown in /proc/PID/cmdline (cut to the room the original took) and the thread's name (15 bytes).
void set_process_title(const std::string& title);
