// The end of a foreground session; see lib/session.h.
#include "lib/session.h"

#include "base/error.h"

#include <signal.h>
#include <unistd.h>

namespace lib {

void end_by_signal(int signal) {
    ::signal(signal, SIG_DFL);
    sigset_t one;
    ::sigemptyset(&one);
    ::sigaddset(&one, signal);
    ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
    ::raise(signal);
    ::_exit(exit_code::signal_base + signal); // a signal that does not end a process by default
}

} // namespace lib
