// Options that image copy and image sync share: skopeo's spellings, an option for either side.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec side_options[] = {
    {.long_name = "authfile", .value = "FILE", .default_text = "$REGISTRY_AUTH_FILE, else ${XDG_RUNTIME_DIR}/containers/auth.json",
     .help = "File with the logins to registries", .completes = Completes::files},
    {.long_name = "src-authfile", .value = "FILE", .default_text = "--authfile", .help = "File with the logins, for the source", .completes = Completes::files},
    {.long_name = "dest-authfile", .value = "FILE", .default_text = "--authfile", .help = "File with the logins, for the destination",
     .completes = Completes::files},
    {.long_name = "src-creds", .value = "USER[:PASSWORD]", .help = "Log in to the source as this user; without a password it is asked for"},
    {.long_name = "dest-creds", .value = "USER[:PASSWORD]", .help = "Log in to the destination as this user; without a password it is asked for"},
    {.long_name = "src-username", .value = "USER", .help = "The same, in two options"},
    {.long_name = "src-password", .value = "PASSWORD", .help = "Password for --src-username; others may see it in the list of processes"},
    {.long_name = "dest-username", .value = "USER", .help = "The same, in two options"},
    {.long_name = "dest-password", .value = "PASSWORD", .help = "Password for --dest-username; others may see it in the list of processes"},
    {.long_name = "src-no-creds", .help = "Come to the source as nobody"},
    {.long_name = "dest-no-creds", .help = "Come to the destination as nobody"},
    {.long_name = "src-tls-verify", .default_text = "as registries.conf says, plain http on this machine allowed",
     .help = "Demand https and a certificate of the source; --src-tls-verify=false does without either"},
    {.long_name = "dest-tls-verify", .default_text = "as registries.conf says, plain http on this machine allowed",
     .help = "Demand https and a certificate of the destination; --dest-tls-verify=false does without either"},
    {.long_name = "src-cert-dir", .value = "DIR", .help = "Directory of certificates for the source: *.crt, *.cert, *.key", .completes = Completes::files},
    {.long_name = "dest-cert-dir", .value = "DIR", .help = "Directory of certificates for the destination: *.crt, *.cert, *.key",
     .completes = Completes::files},
    {.long_name = "retry-times", .value = "NUMBER", .default_text = "3", .help = "How often to try again when a registry fails without any progress"},
    {.long_name = "retry-delay", .value = "DURATION", .default_text = "growing from half a second",
     .help = "Time between two attempts, for example 5s"},
};

/// How the images are to look at the destination.
inline constexpr OptionSpec look_options[] = {
    {.long_name = "all", .short_name = 'a', .help = "Copy the images for all platforms, and the list of them"},
    {.long_name = "format", .short_name = 'f', .value = "FORMAT", .default_text = "as it is",
     .help = "Format of the manifest: oci, or v2s2 (Docker's)", .completes = Completes::words, .words = "oci v2s2"},
    {.long_name = "preserve-digests", .help = "Fail where the image would get another digest"},
    {.long_name = "remove-signatures", .help = "Accepted: signatures are not copied"},
};

} // namespace cli
