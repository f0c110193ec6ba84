// Keeping containers from writing to ctl's own file.
//
// Between clone and exec a container's process runs ctl's program, and an image whose entry point is `#!/proc/self/exe` even
// executes it. Where the file belongs to an id that the container has (a ctl in ~/bin), its root could open it for writing
// (CVE-2019-5736). A file that root owns and we cannot write is safe as it is.
#pragma once

namespace lib {

/// Returns when our file cannot be written from a container. Otherwise executes a sealed copy in memory (memfd_create(2),
/// F_SEAL_WRITE) with the same arguments, and does not return. Called by main before commands that make processes in
/// containers. Throws SysError.
void ensure_sealed_self(char* const argv[]);

} // namespace lib
