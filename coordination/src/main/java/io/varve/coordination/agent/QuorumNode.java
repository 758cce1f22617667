// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.agent;

import io.varve.coordination.CoordinationException;
import io.varve.coordination.QuorumLostException;
import io.varve.coordination.disk.MemberFiles;
import io.varve.coordination.quorum.QuorumAction;
import io.varve.coordination.quorum.QuorumConfig;
import io.varve.coordination.quorum.QuorumEvent;
import io.varve.coordination.quorum.QuorumMember;
import io.varve.coordination.quorum.QuorumMembers;
import io.varve.coordination.quorum.QuorumPorts;
import io.varve.coordination.quorum.Role;
import io.varve.coordination.quorum.Voter;
import io.varve.coordination.tree.MemberStatus;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeSession;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.log.LogConfig;
import io.varve.log.storage.ChannelStorage;
import io.varve.log.storage.StorageException;
import io.varve.replication.transport.Listener;
import io.varve.replication.transport.Transport;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A member of a quorum, in this process: the tree that the members hold together, sessions on it for this process, and what a listener
 * for ZooKeeper's clients needs.
 *
 * <p>One thread owns everything that changes; one more waits for the disk. The member stops for good when its log fails or a promise of
 * the protocol is broken: sessions of this process are lost, connections close, and {@link #failure} says why. The other members go on.
 *
 * <p>Threading: safe.
 */
public final class QuorumNode implements AutoCloseable {
