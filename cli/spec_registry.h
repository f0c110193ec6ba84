// Options about registries that several commands share.
#pragma once

#include "cli/spec.h"

namespace cli {

inline constexpr OptionSpec authfile_option[] = {
    {.long_name = "authfile", .value = "FILE", .default_text = "$REGISTRY_AUTH_FILE, else ${XDG_RUNTIME_DIR}/containers/auth.json",
     .help = "File with the logins to registries", .completes = Completes::files},
};
inline constexpr OptionSpec tls_option[] = {
    {.long_name = "tls-verify", .default_text = "as registries.conf says, plain http on this machine allowed",
     .help = "Demand https and a certificate that can be verified; --tls-verify=false does without either"},
};
inline constexpr OptionSpec cert_dir_option[] = {
    {.long_name = "cert-dir", .value = "DIR", .default_text = "certs.d/HOST:PORT in ~/.config/containers, /etc/containers, /etc/docker",
     .help = "Directory of certificates: *.crt of authorities, *.cert and *.key of ours", .completes = Completes::files},
};
inline constexpr OptionSpec creds_option[] = {
    {.long_name = "creds", .value = "USER[:PASSWORD]", .help = "Log in as this user for this command alone; without a password it is asked for"},
};
inline constexpr OptionSpec signature_policy_option[] = {
    {.long_name = "signature-policy", .value = "FILE", .default_text = "~/.config/containers/policy.json, else /etc/containers/policy.json",
     .help = "Policy that says which images may come in", .completes = Completes::files},
};
inline constexpr OptionSpec retry_options[] = {
    {.long_name = "retry", .value = "NUMBER", .default_text = "3", .help = "How often to try again when the registry fails without any progress"},
    {.long_name = "retry-delay", .value = "DURATION", .default_text = "growing from half a second",
     .help = "Time between two attempts, for example 5s"},
};
inline constexpr OptionSpec signing_options[] = {
    {.long_name = "sign-by", .value = "KEY", .help = "Sign it with a secret key of your GnuPG: fingerprint, key id, or a user id that only one has"},
    {.long_name = "sign-passphrase-file", .value = "FILE", .default_text = "GnuPG asks", .help = "File whose first line is the key's passphrase",
     .completes = Completes::files},
};

} // namespace cli
