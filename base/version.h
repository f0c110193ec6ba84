// The program's version; meson.build checks that it is the project's.
#pragma once

inline constexpr const char* ctl_version = "0.1.0";
