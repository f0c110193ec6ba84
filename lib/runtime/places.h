// What a document's namespaces mean for the launch: the maps, and what is joined of others.
#pragma once

#include "base/oci/runtime_spec.h"
#include "lib/runtime/state.h"
#include "rootless/cgroup.h"
#include "rootless/launch.h"
#include "rootless/surroundings.h"

namespace lib::runtime {

/// Whether the caller may do everything in its own user namespace: root, or root of one that somebody has made.
bool is_privileged();
/// Whether it is the machine's root, who may make device nodes and filter devices.
bool is_machine_root();

/// What the document says and nothing more: `ctl run` adds a limit of swap to one of memory. A limit of 0 processes is none, for
/// Podman and Docker write that and runc takes it so.
rootless::Limits limits_of_document(const oci::Resources& resources);

/// linux.resources.devices: has the kernel decide about devices for the container's cgroup. Nothing for an ordinary user, who
/// can open no other devices than the host lets her, and nothing without a cgroup. Throws Error naming the field.
void filter_devices(const rootless::CgroupPlan& cgroup, const oci::Resources& resources);

/// linux.uidMappings and gidMappings; empty without a user namespace of its own. An ordinary user's document need not have them: she
/// is root then, and her subordinate ids follow.
rootless::IdMaps maps_of_document(const oci::RuntimeSpec& spec);

/// Opens what is to be joined and decides how. A namespace that is the caller's own is left out of the document. Throws Error naming the
/// field.
rootless::Surroundings surroundings_of_document(oci::RuntimeSpec& spec, const rootless::IdMaps& maps);

/// Leaves out of the document what it says to join and what is the caller's own already, as surroundings_of_document() does.
void drop_own_namespaces(oci::RuntimeSpec& spec);

/// linux.seccomp as a program; empty without one.
std::vector<sock_filter> seccomp_of_document(const oci::RuntimeSpec& spec);
/// What every process of the container is held to, whoever makes it. `seccomp` must outlive the plan. `container`: its first process, 0
/// for that itself.
void restrict_as(const oci::RuntimeSpec& spec, std::span<const sock_filter> seccomp, pid_t container, rootless::PlanExtras& extras);

/// Has the listener of its seccomp filter, if there is one, go to the agent of the document. Both must outlive the launch.
void pass_listener(rootless::ChildProgram& program, const oci::RuntimeSpec& spec, const State& state);
/// For a further process: who is root in the container.
void set_root_ids(rootless::ChildProgram& program, const oci::RuntimeSpec& spec);

/// CLONE_NEW* that the container has of its own, for who goes there.
int own_namespaces(const oci::RuntimeSpec& spec);

} // namespace lib::runtime
