// ctl-sign: signs what comes on standard input with a key of the user's GnuPG, for `ctl image sign` and `push --sign-by`. A program of its
// own, because ctl links statically and libgpgme is a shared library, which runs gpg.
//
//   ctl-sign find KEY                                   KEY: fingerprint, key id or user id that only one secret key has
//   ctl-sign sign KEY [PASSPHRASE-FILE] < TEXT > SIGNATURE
//
// The passphrase is the file's first line; without one GnuPG's agent asks for it where it needs one.
// The signature is an OpenPGP message that holds the text. Exit 0, or 1 with one line on standard output.
#include "base/error.h"
#include "base/sys.h"

#include <fcntl.h>
#include <gpgme.h>
#include <unistd.h>

#include <clocale>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t longest_text = 1 << 20;

struct ContextDeleter {
    void operator()(gpgme_ctx_t context) const noexcept { ::gpgme_release(context); }
};
struct KeyDeleter {
    void operator()(gpgme_key_t key) const noexcept { ::gpgme_key_unref(key); }
};
struct DataDeleter {
    void operator()(gpgme_data_t data) const noexcept { ::gpgme_data_release(data); }
};
using Context = std::unique_ptr<gpgme_context, ContextDeleter>;
using Key = std::unique_ptr<_gpgme_key, KeyDeleter>;
using Data = std::unique_ptr<gpgme_data, DataDeleter>;

void check(gpgme_error_t error, const std::string& what) {
    if (error == 0) return;
    char text[256];
    ::gpgme_strerror_r(error, text, sizeof text);
    throw Error(what, ": ", text);
}

Context open_gnupg() {
    std::setlocale(LC_ALL, "");
    ::gpgme_check_version(nullptr); // initialises the library
    check(::gpgme_engine_check_version(GPGME_PROTOCOL_OpenPGP), "GnuPG cannot be used (is gpg installed?)");
    gpgme_ctx_t context = nullptr;
    check(::gpgme_new(&context), "GnuPG");
    ::gpgme_set_locale(nullptr, LC_CTYPE, std::setlocale(LC_CTYPE, nullptr)); // for the question for the passphrase
    ::gpgme_set_armor(context, 0);
    return Context(context);
}

Key find_secret_key(gpgme_ctx_t context, const std::string& wanted) {
    check(::gpgme_op_keylist_start(context, wanted.c_str(), 1), "look for the key " + wanted);
    gpgme_key_t first = nullptr, second = nullptr;
    const gpgme_error_t error = ::gpgme_op_keylist_next(context, &first);
    if (::gpgme_err_code(error) == GPG_ERR_EOF) throw Error("there is no secret key \"", wanted, "\": gpg --list-secret-keys shows those there are");
    check(error, "look for the key " + wanted);
    Key key(first);
    const bool several = ::gpgme_op_keylist_next(context, &second) == 0;
    if (several) {
        Key(second).reset();
        throw Error("several secret keys are meant by \"", wanted, "\": name one by its fingerprint");
    }
    ::gpgme_op_keylist_end(context);
    return key;
}

/// gpgme asks for the passphrase: `passphrase` is a std::string. Asked again, the one there is was wrong.
gpgme_error_t tell_passphrase(void* passphrase, const char*, const char*, int was_wrong, int fd) noexcept {
    if (was_wrong != 0) return ::gpgme_error(GPG_ERR_BAD_PASSPHRASE);
    const std::string& line = *static_cast<const std::string*>(passphrase);
    for (const std::string_view part : {std::string_view(line), std::string_view("\n")})
        if (::gpgme_io_writen(fd, part.data(), part.size()) != 0) return ::gpgme_error_from_syserror();
    return 0;
}

std::string read_passphrase(const std::string& path) {
    const UniqueFd file = sys::open(path, O_RDONLY | O_NOCTTY);
    std::string line = sys::read_to_end(file.get(), longest_text, path);
    return line.substr(0, line.find('\n'));
}

std::string sign(const std::string& wanted, const std::string& passphrase_file, const std::string& text) {
    const Context context = open_gnupg();
    const Key key = find_secret_key(context.get(), wanted);
    std::string passphrase;
    if (!passphrase_file.empty()) {
        passphrase = read_passphrase(passphrase_file);
        check(::gpgme_set_pinentry_mode(context.get(), GPGME_PINENTRY_MODE_LOOPBACK), "use the passphrase of " + passphrase_file);
        ::gpgme_set_passphrase_cb(context.get(), tell_passphrase, &passphrase);
    }
    check(::gpgme_signers_add(context.get(), key.get()), "use the key " + wanted);
    gpgme_data_t plain = nullptr, made = nullptr;
    check(::gpgme_data_new_from_mem(&plain, text.data(), text.size(), 0), "sign");
    const Data input(plain);
    check(::gpgme_data_new(&made), "sign");
    Data output(made);
    check(::gpgme_op_sign(context.get(), input.get(), output.get(), GPGME_SIG_MODE_NORMAL), "sign with the key " + wanted);
    std::size_t size = 0;
    char* const bytes = ::gpgme_data_release_and_get_mem(output.release(), &size);
    std::string signature(bytes == nullptr ? "" : std::string_view(bytes, size));
    ::gpgme_free(bytes);
    if (signature.empty()) throw Error("sign with the key ", wanted, ": out of memory");
    return signature;
}

} // namespace

int main(int argc, char** argv) {
    try {
        try {
            const std::string_view word = argc > 2 ? argv[1] : "";
            if (word == "find" && argc == 3) {
                (void)find_secret_key(open_gnupg().get(), argv[2]);
                return 0;
            }
            if (word != "sign" || argc > 4) throw Error("usage: ctl-sign find KEY | ctl-sign sign KEY [PASSPHRASE-FILE]");
            const std::string text = sys::read_to_end(STDIN_FILENO, longest_text, "standard input");
            sys::write_all(STDOUT_FILENO, sign(argv[2], argc == 4 ? argv[3] : "", text), "the signature");
            return 0;
        } catch (const Error& e) {
            sys::write_all(STDOUT_FILENO, cat(e.what(), "\n"), "standard output");
        }
    } catch (const std::exception&) {
        // Nobody is left to tell.
    }
    return 1;
}
