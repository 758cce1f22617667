// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeResult;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The side of a member that ZooKeeper's clients and operators see: its client connections, four-letter words and admin commands.
 *
 * <p>Threading: confined to the member's thread.
 */
public final class ZooKeeperFrontEnd {

    private final FrontEndConfig config;
    private final FrontEndContext context;
    private final Authenticator authenticator;
    private final ServerStats stats = new ServerStats();
    private final FourLetterWords words;
    private final AdminCommands commands;
    private final Map<Long, ClientConnection> connections = new LinkedHashMap<>();
    private final Map<Long, ClientConnection> bySession = new HashMap<>();
    private final Map<String, Integer> connectionsByHost = new HashMap<>();
    private long nextConnection;

    /**
     * A front end without connections. They are numbered from a random number on, so that a member gives none again that it gave before
     * it was restarted: what a connection of then had sent must not pass for what one of now sends.
     */
    public ZooKeeperFrontEnd(FrontEndConfig config, FrontEndContext context) {
        this.config = config;
        this.context = context;
        this.nextConnection = ByteBuffer.wrap(context.passwords().get()).getLong() >>> 1;
        this.authenticator = new Authenticator(config.superDigest());
        this.words = new FourLetterWords(this);
        this.commands = new AdminCommands(this);
    }

    /**
     * A client has connected.
     *
     * @return takes the client's frames; closed already when the client's address has too many connections
     */
    public ClientConnection accept(ClientPeer peer, ClientChannel channel) {
        final ClientConnection connection = new ClientConnection(this, nextConnection++, peer, channel);
        connections.put(connection.owner().connection(), connection);
        final int fromHost = connectionsByHost.merge(peer.host(), 1, Integer::sum);
        final int most = config.maxConnectionsPerAddress();
        if (most > 0 && fromHost > most) {
            stats.countRejection();
            connection.close("too many connections of one address: host=" + peer.host() + ", maxClientCnxns=" + most);
        }
        return connection;
    }

    /**
     * A command was applied at this member, whoever had submitted it. To be called for each, behind its watch events and before its
     * submission is told: connections whose session has ended or moved are closed.
     */
    public void applied(TreeCommand command, TreeResult result) {
        if (command instanceof TreeCommand.CloseSession close) {
            final ClientConnection connection = bySession.get(close.sessionId());
            if (connection != null) {
                connection.sessionLost(close.expired() ? "the session has expired" : "the session is closed");
            }
        } else if (command instanceof TreeCommand.AttachSession attach && result instanceof TreeResult.Attached) {
            final ClientConnection connection = bySession.get(attach.sessionId());
            if (connection != null && !connection.owner().equals(attach.owner())) {
                connection.sessionLost("the session has moved to another connection");
            }
        }
    }

    /** Closes all connections, for example because this member knows of no quorum any more. Sessions live on. */
    public void closeAll(String reason) {
        for (ClientConnection connection : List.copyOf(connections.values())) {
            connection.close(reason);
        }
    }

    /**
     * Whether four bytes at the start of a connection are a word and not the length of a frame. All words are; whether one is answered
     * is the matter of {@link #answerWord}.
     */
    public static boolean isWord(String fourBytes) {
        return FourLetterWords.KNOWN.contains(fourBytes);
    }

    /** All words, answered or not. */
    public static Set<String> words() {
        return FourLetterWords.KNOWN;
    }

    /** What a client that sends the word is to read before its connection is closed. */
    public String answerWord(String word) {
        return words.answer(word);
    }

    /** The names under which {@link #runCommand} knows commands, one for each. */
    public Set<String> commandNames() {
        return commands.names();
    }

    /**
     * Carries out a command of ZooKeeper's AdminServer.
     *
     * @param name its name or one of its short names
     * @return what is to be sent as JSON, in order: maps, lists, texts, numbers, booleans and nulls. It has at least the keys
     *     {@code command} and {@code error}, the latter null when all is well.
     */
    public Map<String, @Nullable Object> runCommand(String name) {
        return commands.run(name);
    }

    void register(ClientConnection connection) {
        bySession.put(connection.sessionId(), connection);
    }

    void remove(ClientConnection connection) {
        if (connections.remove(connection.owner().connection()) != null) {
            bySession.remove(connection.sessionId(), connection);
            connectionsByHost.computeIfPresent(
                    connection.peer().host(), (host, count) -> count == 1 ? null : count - 1);
        }
    }

    Collection<ClientConnection> connections() {
        return Collections.unmodifiableCollection(connections.values());
    }

    /** Requests of all connections that have no reply yet. */
    int outstanding() {
        return connections.values().stream()
                .mapToInt(ClientConnection::outstanding)
                .sum();
    }

    void resetStats() {
        stats.reset();
    }

    void resetConnectionStats() {
        new ArrayList<>(connections.values())
                .forEach(connection -> connection.stats().reset());
    }

    FrontEndConfig config() {
        return config;
    }

    FrontEndContext.Facts facts() {
        return context.facts();
    }

    TreeReplica replica() {
        return context.replica();
    }

    @Nullable
    Membership membership() {
        return context.membership();
    }

    Authenticator authenticator() {
        return authenticator;
    }

    ServerStats stats() {
        return stats;
    }

    byte[] newPassword() {
        return context.passwords().get();
    }

    long nanoTime() {
        return context.nanoClock().getAsLong();
    }

    long wallMs() {
        return context.wallClock().getAsLong();
    }
}
