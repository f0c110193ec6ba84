// Names of Podman 5.4's commands and options. Made by cli/podman_names.py: change that, not this.
#include "cli/podman_names.h"

#include <algorithm>

namespace cli {
namespace {

constexpr PodmanCommand all_commands[] = {
    {"", "",
     "cgroup-manager config conmon connection,c events-backend hooks-dir identity imagestore log-level "
     "module network-cmd-path network-config-dir out remote,r root runroot runtime runtime-flag ssh "
     "storage-driver storage-opt syslog tmpdir transient-store url version,v volumepath"},
    {"artifact", "", ""},
    {"artifact add", "", "annotation type"},
    {"artifact inspect", "", ""},
    {"artifact list", "artifact ls", ""},
    {"artifact ls", "", "format no-trunc noheading,n"},
    {"artifact pull", "", "authfile cert-dir creds decryption-key quiet,q retry retry-delay tls-verify"},
    {"artifact push", "",
     "authfile cert-dir creds digestfile quiet,q retry retry-delay sign-by sign-by-sigstore "
     "sign-by-sigstore-private-key sign-passphrase-file tls-verify"},
    {"artifact remove", "artifact rm", ""},
    {"artifact rm", "", ""},
    {"attach", "container attach", ""},
    {"auto-update", "", "authfile dry-run format rollback tls-verify"},
    {"build", "image build", ""},
    {"buildx", "", ""},
    {"commit", "container commit", ""},
    {"completion", "", ""},
    {"compose", "", ""},
    {"container", "", ""},
    {"container attach", "", "detach-keys latest,l no-stdin sig-proxy"},
    {"container checkpoint", "",
     "all,a compress,c create-image export,e file-locks ignore-rootfs ignore-volumes keep,k latest,l "
     "leave-running,R pre-checkpoint,P print-stats tcp-established with-previous"},
    {"container cleanup", "", "all,a exec latest,l rm rmi stopped-only"},
    {"container clone", "",
     "blkio-weight blkio-weight-device cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares,c cpus "
     "cpuset-cpus cpuset-mems destroy device-read-bps device-write-bps force,f memory,m memory-reservation "
     "memory-swap memory-swappiness name pod run"},
    {"container commit", "",
     "author,a change,c config format,f iidfile include-volumes message,m pause,p quiet,q squash,s"},
    {"container cp", "", "archive,a extract overwrite pause"},
    {"container create", "",
     "add-host annotation arch attach,a authfile blkio-weight blkio-weight-device cap-add cap-drop "
     "cgroup-conf cgroup-parent cgroupns cgroups chrootdirs cidfile conmon-pidfile cpu-period cpu-quota "
     "cpu-rt-period cpu-rt-runtime cpu-shares,c cpus cpuset-cpus cpuset-mems decryption-key device "
     "device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops "
     "disable-content-trust dns dns-opt dns-option dns-search entrypoint env,e env-file env-host env-merge "
     "expose gidmap gpus group-add group-entry health-cmd health-interval health-log-destination "
     "health-max-log-count health-max-log-size health-on-failure health-retries health-start-period "
     "health-startup-cmd health-startup-interval health-startup-retries health-startup-success "
     "health-startup-timeout health-timeout healthcheck-command healthcheck-interval healthcheck-retries "
     "healthcheck-start-period healthcheck-timeout hostname,h hosts-file hostuser http-proxy image-volume "
     "init init-ctr init-path interactive,i ip ip6 ipc kernel-memory label,l label-file log-driver log-opt "
     "mac-address memory,m memory-reservation memory-swap memory-swappiness mount name net network "
     "network-alias no-healthcheck no-hostname no-hosts oom-kill-disable oom-score-adj os override-arch "
     "override-os override-variant passwd-entry personality pid pidfile pids-limit platform pod "
     "pod-id-file privileged publish,p publish-all,P pull quiet,q rdt-class read-only read-only-tmpfs "
     "replace requires restart retry retry-delay rm rootfs sdnotify seccomp-policy secret security-opt "
     "shm-size shm-size-systemd stop-signal stop-timeout subgidname subuidname sysctl systemd timeout "
     "tls-verify tmpfs tty,t tz uidmap ulimit umask unsetenv unsetenv-all user,u userns uts variant "
     "volume,v volumes-from workdir,w"},
    {"container diff", "", "format latest,l"},
    {"container exec", "",
     "detach,d detach-keys env,e env-file interactive,i latest,l preserve-fd preserve-fds privileged tty,t "
     "user,u wait workdir,w"},
    {"container exists", "", "external"},
    {"container export", "", "output,o"},
    {"container init", "", "all,a latest,l"},
    {"container inspect", "", "format,f latest,l size,s"},
    {"container kill", "", "all,a cidfile latest,l signal,s"},
    {"container list", "",
     "all,a external filter,f format last,n latest,l no-trunc noheading ns pod,p quiet,q size,s sort sync "
     "watch,w"},
    {"container logs", "", "color details follow,f latest,l names,n since tail timestamps,t until"},
    {"container ls", "container list", ""},
    {"container mount", "", "all,a format latest,l no-trunc"},
    {"container pause", "", "all,a cidfile filter,f latest,l"},
    {"container port", "", "all,a latest,l"},
    {"container prune", "", "filter force,f"},
    {"container ps", "",
     "all,a external filter,f format last,n latest,l no-trunc noheading ns pod,p quiet,q size,s sort sync "
     "watch,w"},
    {"container rename", "", ""},
    {"container restart", "", "all,a cidfile filter,f latest,l running time,t timeout"},
    {"container restore", "",
     "all,a file-locks ignore-rootfs ignore-static-ip ignore-static-mac ignore-volumes import,i "
     "import-previous keep,k latest,l name,n pod print-stats publish,p tcp-established"},
    {"container rm", "", "all,a cidfile depend filter force,f ignore,i latest,l time,t volumes,v"},
    {"container run", "",
     "add-host annotation arch attach,a authfile blkio-weight blkio-weight-device cap-add cap-drop "
     "cgroup-conf cgroup-parent cgroupns cgroups chrootdirs cidfile conmon-pidfile cpu-period cpu-quota "
     "cpu-rt-period cpu-rt-runtime cpu-shares,c cpus cpuset-cpus cpuset-mems decryption-key detach,d "
     "detach-keys device device-cgroup-rule device-read-bps device-read-iops device-write-bps "
     "device-write-iops disable-content-trust dns dns-opt dns-option dns-search entrypoint env,e env-file "
     "env-host env-merge expose gidmap gpus group-add group-entry health-cmd health-interval "
     "health-log-destination health-max-log-count health-max-log-size health-on-failure health-retries "
     "health-start-period health-startup-cmd health-startup-interval health-startup-retries "
     "health-startup-success health-startup-timeout health-timeout healthcheck-command "
     "healthcheck-interval healthcheck-retries healthcheck-start-period healthcheck-timeout hostname,h "
     "hosts-file hostuser http-proxy image-volume init init-path interactive,i ip ip6 ipc kernel-memory "
     "label,l label-file log-driver log-opt mac-address memory,m memory-reservation memory-swap "
     "memory-swappiness mount name net network network-alias no-healthcheck no-hostname no-hosts "
     "oom-kill-disable oom-score-adj os override-arch override-os override-variant passwd passwd-entry "
     "personality pid pidfile pids-limit platform pod pod-id-file preserve-fd preserve-fds privileged "
     "publish,p publish-all,P pull quiet,q rdt-class read-only read-only-tmpfs replace requires restart "
     "retry retry-delay rm rmi rootfs sdnotify seccomp-policy secret security-opt shm-size "
     "shm-size-systemd sig-proxy stop-signal stop-timeout subgidname subuidname sysctl systemd timeout "
     "tls-verify tmpfs tty,t tz uidmap ulimit umask unsetenv unsetenv-all user,u userns uts variant "
     "volume,v volumes-from workdir,w"},
    {"container runlabel", "", "authfile cert-dir creds display name,n quiet,q replace tls-verify"},
    {"container start", "", "all attach,a detach-keys filter,f interactive,i latest,l sig-proxy"},
    {"container stats", "", "all,a format interval,i latest,l no-reset no-stream no-trunc"},
    {"container stop", "", "all,a cidfile filter,f ignore,i latest,l time,t timeout"},
    {"container top", "", "latest,l list-descriptors"},
    {"container umount", "container unmount", ""},
    {"container unmount", "", "all,a force,f latest,l"},
    {"container unpause", "", "all,a cidfile filter,f latest,l"},
    {"container update", "",
     "blkio-weight blkio-weight-device cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares,c cpus "
     "cpuset-cpus cpuset-mems device-read-bps device-read-iops device-write-bps device-write-iops "
     "health-cmd health-interval health-log-destination health-max-log-count health-max-log-size "
     "health-on-failure health-retries health-start-period health-startup-cmd health-startup-interval "
     "health-startup-retries health-startup-success health-startup-timeout health-timeout memory,m "
     "memory-reservation memory-swap memory-swappiness no-healthcheck pids-limit restart"},
    {"container wait", "", "condition ignore interval,i latest,l"},
    {"context", "", ""},
    {"cp", "container cp", ""},
    {"create", "container create", ""},
    {"diff", "container diff", ""},
    {"events", "system events", ""},
    {"exec", "container exec", ""},
    {"export", "container export", ""},
    {"farm", "", ""},
    {"farm build", "", ""},
    {"farm create", "", ""},
    {"farm list", "", ""},
    {"farm remove", "", ""},
    {"farm update", "", ""},
    {"generate", "", ""},
    {"generate kube", "", "filename,f podman-only replicas,r service,s type,t"},
    {"generate spec", "", "compact,c filename,f name,n"},
    {"generate systemd", "",
     "after container-prefix env,e files,f format name,n new no-header pod-prefix requires restart-policy "
     "restart-sec separator start-timeout stop-timeout template time wants"},
    {"healthcheck", "", ""},
    {"healthcheck run", "", ""},
    {"history", "image history", ""},
    {"image", "", ""},
    {"image build", "",
     "add-host all-platforms annotation arch authfile build-arg build-arg-file build-context cache-from "
     "cache-to cache-ttl cap-add cap-drop cert-dir cgroup-parent cgroupns compat-volumes compress cpp-flag "
     "cpu-period cpu-quota cpu-shares,c cpuset-cpus cpuset-mems creds cw decryption-key device "
     "disable-compression,D disable-content-trust dns dns-option dns-search env file,f force-rm format "
     "from group-add hooks-dir http-proxy identity-label ignorefile iidfile ipc isolation jobs label "
     "layer-label layers load logfile logsplit manifest memory,m memory-swap network no-cache no-hostname "
     "no-hosts omit-history os os-feature os-version output,o pid platform progress pull quiet,q retry "
     "retry-delay rm runtime-flag sbom sbom-image-output sbom-image-purl-output sbom-merge-strategy "
     "sbom-output sbom-purl-output sbom-scanner-command sbom-scanner-image secret security-opt shm-size "
     "sign-by skip-unused-stages squash squash-all ssh stdin tag,t target timestamp tls-verify ulimit "
     "unsetenv unsetlabel userns userns-gid-map userns-gid-map-group userns-uid-map userns-uid-map-user "
     "uts variant volume,v"},
    {"image diff", "", "format"},
    {"image exists", "", ""},
    {"image history", "", "format human,H no-trunc quiet,q"},
    {"image import", "", "arch change,c message,m os quiet,q variant"},
    {"image inspect", "", "format,f"},
    {"image list", "", "all,a digests filter,f format history no-trunc noheading,n quiet,q sort"},
    {"image load", "", "input,i quiet,q"},
    {"image ls", "image list", ""},
    {"image mount", "", "all,a format"},
    {"image prune", "", "all,a build-cache external filter force,f"},
    {"image pull", "",
     "all-tags,a arch authfile cert-dir creds decryption-key disable-content-trust os platform quiet,q "
     "retry retry-delay tls-verify variant"},
    {"image push", "",
     "authfile cert-dir compress compression-format compression-level creds digestfile "
     "disable-content-trust encrypt-layer encryption-key force-compression format,f quiet,q "
     "remove-signatures retry retry-delay sign-by sign-by-sigstore sign-by-sigstore-private-key "
     "sign-passphrase-file tls-verify"},
    {"image rm", "", "all,a force,f ignore,i no-prune"},
    {"image save", "", "compress format multi-image-archive,m output,o quiet,q uncompressed"},
    {"image scp", "", ""},
    {"image search", "",
     "authfile cert-dir compatible creds filter,f format limit list-tags no-trunc tls-verify"},
    {"image sign", "", "all,a authfile cert-dir directory,d sign-by"},
    {"image tag", "", ""},
    {"image tree", "", "whatrequires"},
    {"image trust", "", ""},
    {"image trust set", "", "pubkeysfile,f type,t"},
    {"image trust show", "", "json,j noheading,n raw"},
    {"image umount", "image unmount", ""},
    {"image unmount", "", "all,a force,f"},
    {"image untag", "", ""},
    {"images", "image list", ""},
    {"import", "image import", ""},
    {"info", "system info", ""},
    {"init", "container init", ""},
    {"inspect", "", "format,f latest,l size,s type,t"},
    {"kill", "container kill", ""},
    {"kube", "", ""},
    {"kube apply", "", "ca-cert-file file,f kubeconfig,k ns service,s"},
    {"kube down", "", "force"},
    {"kube generate", "", "filename,f podman-only replicas,r service,s type,t"},
    {"kube play", "",
     "annotation authfile build cert-dir configmap context-dir creds down force ip log-driver log-opt "
     "mac-address network no-hostname no-hosts no-trunc publish publish-all quiet,q replace "
     "seccomp-profile-root service-container service-exit-code-propagation start tls-verify userns wait,w"},
    {"load", "image load", ""},
    {"login", "",
     "authfile cert-dir compat-auth-file get-login password,p password-stdin secret tls-verify username,u "
     "verbose,v"},
    {"logout", "", "all,a authfile compat-auth-file"},
    {"logs", "container logs", ""},
    {"machine", "", ""},
    {"machine info", "", ""},
    {"machine init", "", ""},
    {"machine inspect", "", ""},
    {"machine list", "", ""},
    {"machine os", "", ""},
    {"machine os apply", "", ""},
    {"machine reset", "", ""},
    {"machine rm", "", ""},
    {"machine set", "", ""},
    {"machine ssh", "", ""},
    {"machine start", "", ""},
    {"machine stop", "", ""},
    {"manifest", "", ""},
    {"manifest add", "",
     "all annotation arch artifact artifact-config artifact-config-type artifact-exclude-titles "
     "artifact-layer-type artifact-subject artifact-type authfile cert-dir creds features insecure os "
     "os-version tls-verify variant"},
    {"manifest annotate", "", "annotation arch features index os os-features os-version subject variant"},
    {"manifest create", "", "all amend,a annotation insecure tls-verify"},
    {"manifest exists", "", ""},
    {"manifest inspect", "", "authfile tls-verify verbose"},
    {"manifest push", "",
     "add-compression all authfile cert-dir compression-format compression-level creds digestfile "
     "force-compression format,f quiet,q remove-signatures rm sign-by sign-by-sigstore "
     "sign-by-sigstore-private-key sign-passphrase-file tls-verify"},
    {"manifest remove", "", ""},
    {"manifest rm", "", "ignore,i"},
    {"mount", "container mount", ""},
    {"network", "", ""},
    {"network connect", "", "alias ip ip6 mac-address"},
    {"network create", "",
     "disable-dns dns driver,d gateway ignore interface-name internal ip-range ipam-driver ipv6 label "
     "opt,o route subnet"},
    {"network disconnect", "", "force,f"},
    {"network exists", "", ""},
    {"network inspect", "", "format,f"},
    {"network list", "network ls", ""},
    {"network ls", "", "filter,f format no-trunc noheading,n quiet,q"},
    {"network prune", "", "filter force,f"},
    {"network reload", "", "all,a latest,l"},
    {"network remove", "network rm", ""},
    {"network rm", "", "force,f time,t"},
    {"network update", "", "dns-add dns-drop"},
    {"pause", "container pause", ""},
    {"play kube", "", ""},
    {"pod", "", ""},
    {"pod clone", "",
     "blkio-weight blkio-weight-device cgroup-parent cpu-shares,c cpus cpuset-cpus cpuset-mems destroy "
     "device device-read-bps device-write-bps gidmap gpus hostname,h infra-command infra-conmon-pidfile "
     "infra-name label,l label-file memory,m memory-swap name,n pid restart security-opt shm-size "
     "shm-size-systemd start subgidname subuidname sysctl uidmap userns uts volume,v volumes-from"},
    {"pod create", "",
     "add-host blkio-weight blkio-weight-device cgroup-parent cpu-shares,c cpus cpuset-cpus cpuset-mems "
     "device device-read-bps device-write-bps dns dns-opt dns-option dns-search exit-policy gidmap gpus "
     "hostname,h hosts-file infra infra-command infra-conmon-pidfile infra-image infra-name ip ip6 label,l "
     "label-file mac-address memory,m memory-swap name,n net network network-alias no-hostname no-hosts "
     "pid pod-id-file publish,p replace restart security-opt share share-parent shm-size shm-size-systemd "
     "subgidname subuidname sysctl uidmap userns uts volume,v volumes-from"},
    {"pod exists", "", ""},
    {"pod inspect", "", "format,f latest,l"},
    {"pod kill", "", "all,a latest,l signal,s"},
    {"pod list", "pod ps", ""},
    {"pod logs", "", "color container,c follow,f latest,l names,n since tail timestamps,t until"},
    {"pod ls", "pod ps", ""},
    {"pod pause", "", "all,a latest,l"},
    {"pod prune", "", "force,f"},
    {"pod ps", "",
     "ctr-ids ctr-names ctr-status filter,f format latest,l no-trunc noheading,n ns quiet,q sort"},
    {"pod restart", "", "all,a latest,l"},
    {"pod rm", "", "all,a force,f ignore,i latest,l pod-id-file time,t"},
    {"pod start", "", "all,a latest,l pod-id-file"},
    {"pod stats", "", "all,a format latest,l no-reset no-stream"},
    {"pod stop", "", "all,a ignore,i latest,l pod-id-file time,t"},
    {"pod top", "", "latest,l"},
    {"pod unpause", "", "all,a latest,l"},
    {"port", "container port", ""},
    {"ps", "container ps", ""},
    {"pull", "image pull", ""},
    {"push", "image push", ""},
    {"rename", "container rename", ""},
    {"restart", "container restart", ""},
    {"rm", "container rm", ""},
    {"rmi", "image rm", ""},
    {"run", "container run", ""},
    {"save", "image save", ""},
    {"search", "image search", ""},
    {"secret", "", ""},
    {"secret create", "", "driver,d driver-opts env label,l replace"},
    {"secret exists", "", ""},
    {"secret inspect", "", "format,f pretty showsecret"},
    {"secret list", "secret ls", ""},
    {"secret ls", "", "filter,f format noheading,n quiet,q"},
    {"secret rm", "", "all,a ignore,i"},
    {"start", "container start", ""},
    {"stats", "container stats", ""},
    {"stop", "container stop", ""},
    {"system", "", ""},
    {"system check", "", "force,f max,m quick,q repair,r"},
    {"system connection", "", ""},
    {"system connection add", "", ""},
    {"system connection default", "", ""},
    {"system connection list", "", ""},
    {"system connection remove", "", ""},
    {"system connection rename", "", ""},
    {"system df", "", "format verbose,v"},
    {"system dial-stdio", "", ""},
    {"system events", "", "filter,f format no-trunc since stream until"},
    {"system info", "", "format,f"},
    {"system locks", "", ""},
    {"system migrate", "", "new-runtime"},
    {"system prune", "", "all,a build external filter force,f volumes"},
    {"system renumber", "", ""},
    {"system reset", "", "force,f"},
    {"system service", "", "cors time,t"},
    {"tag", "image tag", ""},
    {"top", "container top", ""},
    {"umount", "container unmount", ""},
    {"unmount", "container unmount", ""},
    {"unpause", "container unpause", ""},
    {"unshare", "", "rootless-netns"},
    {"untag", "image untag", ""},
    {"update", "container update", ""},
    {"version", "", "format,f"},
    {"volume", "", ""},
    {"volume create", "", "driver,d ignore label,l opt,o"},
    {"volume exists", "", ""},
    {"volume export", "", "output,o"},
    {"volume import", "", ""},
    {"volume inspect", "", "all,a format,f"},
    {"volume list", "volume ls", ""},
    {"volume ls", "", "filter,f format noheading,n quiet,q"},
    {"volume mount", "", ""},
    {"volume prune", "", "filter force,f"},
    {"volume reload", "", ""},
    {"volume remove", "volume rm", ""},
    {"volume rm", "", "all,a force,f time,t"},
    {"volume unmount", "", ""},
    {"wait", "container wait", ""},
};

const PodmanCommand* find_podman_command(std::string_view name) {
    const auto found = std::ranges::lower_bound(all_commands, name, {}, &PodmanCommand::name);
    return found != std::end(all_commands) && found->name == name ? found : nullptr;
}

} // namespace

std::span<const PodmanCommand> podman_commands() { return all_commands; }

bool is_podman_command(std::string_view name) {
    const auto next = std::ranges::lower_bound(all_commands, name, {}, &PodmanCommand::name);
    if (name.empty() || next == std::end(all_commands)) return false;
    const std::string_view rest = next->name.substr(std::min(name.size(), next->name.size()));
    return next->name.starts_with(name) && (rest.empty() || rest.front() == ' ');
}

bool is_podman_option(std::string_view command, std::string_view option) {
    const PodmanCommand* entry = find_podman_command(command);
    if (entry != nullptr && !entry->same_as.empty()) entry = find_podman_command(entry->same_as);
    if (entry == nullptr || option.empty()) return false;
    std::string_view rest = entry->options;
    while (!rest.empty()) {
        std::string_view word = rest.substr(0, rest.find(' '));
        rest.remove_prefix(std::min(rest.size(), word.size() + 1));
        const auto comma = word.find(',');
        if (word.substr(0, comma) == option) return true;
        if (comma != std::string_view::npos && word.substr(comma + 1) == option) return true;
    }
    return false;
}

} // namespace cli
