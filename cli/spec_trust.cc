// The description of image trust: show and set.
#include "cli/spec_tables.h"

namespace cli {
namespace {

constexpr OptionSpec show_options[] = {
    {.long_name = "json", .short_name = 'j', .help = "Print as JSON"},
    {.long_name = "noheading", .short_name = 'n', .help = "Leave the headings out"},
    {.long_name = "raw", .help = "Print the file as it is"},
};
constexpr ArgumentSpec show_arguments[] = {
    {.name = "REGISTRY", .help = "Only what counts for this registry, repository or image", .required = false},
};
constexpr ExampleSpec show_examples[] = {
    {"ctl image trust show", "Every scope and what it asks for."},
    {"ctl image trust show docker.io/library/nginx", "What counts for one repository."},
};

constexpr OptionSpec set_options[] = {
    {.long_name = "type", .short_name = 't', .value = "TYPE", .default_text = "signedBy",
     .help = "accept, reject, or a signature: signedBy, sigstoreSigned", .completes = Completes::words,
     .words = "accept reject signedBy sigstoreSigned"},
    {.long_name = "pubkeysfile", .short_name = 'f', .value = "FILE", .repeatable = true,
     .help = "Public key that must have signed", .completes = Completes::files},
};
constexpr ArgumentSpec set_arguments[] = {
    {.name = "REGISTRY", .help = "Registry, repository or image; *.DOMAIN; or default for everything that no other scope has"},
};
constexpr ExampleSpec set_examples[] = {
    {"ctl image trust set --type reject default", "Let nothing in that is not listed."},
    {"ctl image trust set --type accept docker.io/library", "Except the official images."},
};

} // namespace

constexpr CommandSpec trust_show_spec{
    .name = "image trust show",
    .group = group_images,
    .brief = "Show which images may come in",
    .description = "Shows the rules of policy.json: ~/.config/containers/policy.json, or where there is none /etc/containers/policy.json. "
                   "Where there is neither, every image is accepted. Signatures are not verified yet: an image that needs one is refused.",
    .examples = show_examples,
    .arguments = show_arguments,
    .options = show_options,
};

constexpr CommandSpec trust_set_spec{
    .name = "image trust set",
    .group = group_images,
    .brief = "Say which images may come in",
    .description = "Sets the rule for a scope in ~/.config/containers/policy.json, which begins as a copy of the system's file where there "
                   "was none; root without a file of its own changes /etc/containers/policy.json. The most specific scope that has "
                   "an image counts, for pull, load, import and copy. Signatures are not verified yet: an image that needs one is "
                   "refused.",
    .examples = set_examples,
    .arguments = set_arguments,
    .options = set_options,
};

} // namespace cli
