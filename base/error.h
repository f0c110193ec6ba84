// Errors: the exception types of the control plane (docs/conventions.md, "Errors: three zones").
//
// An Error is one line for a human: lower case, no period, naming the thing, the cause and, where there is one, the fix.
// cli/main.cc is the only place that prints it, as "ctl: <what>".
#pragma once

#include <exception>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>

/// The concatenation of its arguments, each written as by an ostream.
template <class... A>
std::string cat(const A&... a) {
    std::ostringstream out;
    (out << ... << a);
    return std::move(out).str();
}

/// Exit codes of the container field's convention (podman-run(1), "Exit Status").
namespace exit_code {
inline constexpr int engine_error = 125;   ///< the failure is ours: nothing of the container ran
inline constexpr int not_executable = 126; ///< the command was found and could not be started
inline constexpr int not_found = 127;      ///< the command was not found
inline constexpr int signal_base = 128;    ///< + n: ended by signal n
} // namespace exit_code

class Error : public std::exception {
public:
    template <class... A>
    explicit Error(const A&... a) : msg_(cat(a...)) {}
    const char* what() const noexcept override { return msg_.c_str(); }

    /// Prefixes what was being done: `e.add_context("pulling nginx"); throw;`
    void add_context(std::string_view doing) { msg_ = cat(doing, ": ", msg_); }

    Error& with_exit_code(int code) {
        exit_code = code;
        return *this;
    }

    int exit_code = exit_code::engine_error; ///< what the process exits with when nobody handles this

private:
    std::string msg_;
};

/// A failed system call. Always with braces, `throw SysError{errno, cat("mount ", target)};`: they order the evaluation,
/// so that errno is read before the message is built.
class SysError : public Error {
public:
    SysError(int err, const std::string& what) : Error(what, ": ", std::generic_category().message(err)), err_(err) {}
    int err() const noexcept { return err_; }

private:
    int err_;
};
