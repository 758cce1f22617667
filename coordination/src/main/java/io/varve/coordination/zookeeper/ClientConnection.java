// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.Acl;
import io.varve.coordination.tree.Identity;
import io.varve.coordination.tree.SessionOwner;
import io.varve.coordination.tree.Submission;
import io.varve.coordination.tree.TreeCommand;
import io.varve.coordination.tree.TreeReplica;
import io.varve.coordination.tree.TreeResult;
import io.varve.coordination.tree.TreeSession;
import io.varve.coordination.tree.TreeTransaction;
import io.varve.coordination.tree.WatchEvent;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/**
 * One connection of a ZooKeeper client: takes its frames, gives it replies and the events of its watches.
 *
 * <p>Replies leave in the order of the requests. Writes are handed to the quorum as they come, without waiting for one another; a read
 * is answered from this member's tree when its turn has come, which is when the writes before it were applied here. An event leaves
 * when the change is applied, hence before every reply that shows the change.
 *
 * <pre>
 *   NEW --first frame--> CONNECTING --session opened or attached--> OPEN --session closed or refused--> ENDING
 *   any --closed by either side--> CLOSED
 * </pre>
 *
 * <p>Threading: confined to the member's thread.
 */
public final class ClientConnection {

    private enum State {
        /** Nothing has come in. */
        NEW,
        /** The quorum is asked for the session; frames wait. */
        CONNECTING,
        /** Requests are served. */
        OPEN,
        /** The last request is being answered; frames are ignored. */
        ENDING,
        /** Nothing more goes in or out. */
        CLOSED
    }

    /** Each goes with every command of the connection; nobody needs many. */
    private static final int MAX_IDENTITIES = 64;

    private final ZooKeeperFrontEnd frontEnd;
    private final TreeReplica replica;
    private final SessionOwner owner;
    private final ClientPeer peer;
    private final ClientChannel channel;
    private final ConnectionStats stats;
    private final ConnectionWatcher watcher = new ConnectionWatcher(this);
    private final Deque<PendingRequest> pending = new ArrayDeque<>();
    private final Deque<ByteBuffer> early = new ArrayDeque<>();

    private State state = State.NEW;
    private List<Identity> identities;
    private long sessionId;
    private int timeoutMs;

    ClientConnection(ZooKeeperFrontEnd frontEnd, long number, ClientPeer peer, ClientChannel channel) {
        this.frontEnd = frontEnd;
        this.replica = frontEnd.replica();
        this.owner = new SessionOwner(replica.memberId(), number);
        this.peer = peer;
        this.channel = channel;
        this.stats = new ConnectionStats(frontEnd.wallMs());
        this.identities = Authenticator.initial(peer);
    }

    /**
     * A frame has arrived.
     *
     * @param frame without its length; must stay as it is until it is answered or the connection is closed
     */
    public void onFrame(ByteBuffer frame) {
        if (state == State.ENDING || state == State.CLOSED) {
            return;
        }
        stats.countReceived();
        frontEnd.stats().countReceived(Integer.BYTES + frame.remaining());
        final FrontEndConfig config = frontEnd.config();
        if (frame.remaining() > config.maxFrameBytes()) {
            close("frame too large: bytes=" + frame.remaining() + ", jute.maxbuffer=" + config.maxFrameBytes());
        } else if (!replica.isServing()) {
            close("this member serves no clients at present: it knows of no quorum");
        } else if (pending.size() + early.size() >= config.maxOutstanding()) {
            close("too many unanswered requests: maxOutstanding=" + config.maxOutstanding());
        } else {
            take(frame);
        }
    }

    /** The client has closed the connection, or it was lost. The session lives on until its time is up. */
    public void onClosed() {
        if (state != State.CLOSED) {
            release();
        }
    }

    private void take(ByteBuffer frame) {
        switch (state) {
            case NEW -> connect(frame);
            case CONNECTING -> early.add(frame);
            case OPEN -> request(frame);
            case ENDING, CLOSED -> {}
        }
    }

    // The session.

    private void connect(ByteBuffer frame) {
        final Handshake handshake;
        try {
            handshake = Handshake.read(frame);
        } catch (MalformedFrameException e) {
            close("not a ZooKeeper client: " + e.getMessage());
            return;
        }
        final long lastZxid = replica.tree().lastZxid();
        if (handshake.seenZxid() > lastZxid) {
            close("the client has seen more than this member: seenZxid=0x" + Long.toHexString(handshake.seenZxid())
                    + ", lastZxid=0x" + Long.toHexString(lastZxid) + "; it must try another member");
            return;
        }
        state = State.CONNECTING;
        frontEnd.stats().countConnect(handshake.sessionId() != 0);
        final int negotiatedMs = frontEnd.config().sessionTimeouts().negotiate(handshake.timeoutMs());
        if (handshake.sessionId() == 0) {
            final byte[] password = frontEnd.newPassword();
            submit(
                    new TreeCommand.OpenSession(owner, negotiatedMs, password),
                    result -> opened(handshake, result, password));
        } else if (handshake.password().length != TreeSession.PASSWORD_BYTES) {
            refuseSession(handshake, "the password has not the length of one: bytes=" + handshake.password().length);
        } else {
            submit(
                    new TreeCommand.AttachSession(handshake.sessionId(), handshake.password(), negotiatedMs, owner),
                    result -> attached(handshake, result));
        }
    }

    private void opened(Handshake handshake, TreeResult result, byte[] password) {
        if (!(result instanceof TreeResult.Opened opened)) {
            close("the session was not opened: result=" + result);
        } else if (state == State.CLOSED) {
            // The client is gone and never learned of the session, so nobody can come back for it.
            replica.submit(new TreeCommand.CloseSession(opened.sessionId(), false), Unheard.INSTANCE);
        } else {
            welcome(handshake, opened.sessionId(), opened.timeoutMs(), password);
        }
    }

    private void attached(Handshake handshake, TreeResult result) {
        if (state == State.CLOSED) {
            return;
        }
        if (result instanceof TreeResult.Attached attached) {
            welcome(handshake, attached.sessionId(), attached.timeoutMs(), handshake.password());
        } else {
            refuseSession(
                    handshake,
                    "the session is gone or its password is wrong: sessionId=0x"
                            + Long.toHexString(handshake.sessionId()));
        }
    }

    private void refuseSession(Handshake handshake, String reason) {
        channel.reply(handshake.refused());
        close(reason);
    }

    private void welcome(Handshake handshake, long newSessionId, int newTimeoutMs, byte[] password) {
        state = State.OPEN;
        sessionId = newSessionId;
        timeoutMs = newTimeoutMs;
        frontEnd.register(this);
        final ByteBuffer welcome = handshake.accepted(newSessionId, newTimeoutMs, password);
        stats.countSent();
        frontEnd.stats().countReply(welcome.remaining());
        channel.reply(welcome);
        while (state == State.OPEN && !early.isEmpty()) {
            request(early.remove());
        }
    }

    /** The session has another owner or none; a connection that is ending by itself ends with its reply. */
    void sessionLost(String reason) {
        if (state != State.ENDING) {
            close(reason);
        }
    }

    // Requests.

    private void request(ByteBuffer frame) {
        replica.heard(sessionId);
        final JuteReader reader = new JuteReader(frame);
        final int xid;
        final int code;
        try {
            xid = reader.readInt();
            code = reader.readInt();
        } catch (MalformedFrameException e) {
            close("a request has no header: " + e.getMessage());
            return;
        }
        final OpCode opCode = OpCode.of(code);
        final PendingRequest request =
                new PendingRequest(xid, opCode == null ? "NA" : opCode.shortName(), frontEnd.nanoTime());
        pending.add(request);
        if (opCode == null) {
            end(request, ErrorCode.UNIMPLEMENTED, "no such request: opCode=" + code);
        } else {
            start(request, readBody(opCode, reader));
        }
        drain();
    }

    private static Request readBody(OpCode opCode, JuteReader reader) {
        try {
            return RequestReader.read(opCode, reader);
        } catch (MalformedFrameException e) {
            return new Request.Refused(opCode, ErrorCode.MARSHALLING_ERROR);
        }
    }

    private void start(PendingRequest slot, Request request) {
        if (request instanceof LocalRequest local) {
            final LocalView view = view();
            slot.ready(body -> local.answer(view, body));
        } else if (request instanceof WriteRequest write) {
            submit(write.command(sessionId, owner, identities), result -> written(slot, write, result));
        } else if (request instanceof Request.Sync sync) {
            replica.sync(() -> ready(slot, body -> answerSync(sync, body)), this::lost);
        } else if (request instanceof Request.Auth auth) {
            authenticate(slot, auth);
        } else if (request instanceof Request.Sasl) {
            frontEnd.stats().countAuthFailure();
            end(slot, ErrorCode.AUTH_FAILED, "the client asks for SASL, which this server does not have");
        } else if (request instanceof Request.Reconfig reconfig) {
            reconfigure(slot, reconfig.change());
        } else if (request instanceof Request.CloseSession) {
            state = State.ENDING;
            submit(new TreeCommand.CloseSession(sessionId, false), result -> {
                slot.readyThenClose(ErrorCode.OK, "the client has closed its session");
                drain();
            });
        } else if (request instanceof Request.Refused refused) {
            refuse(slot, refused.error());
        }
    }

    private LocalView view() {
        return new LocalView(
                replica.tree(),
                replica.watches(),
                sessionId,
                identities,
                watcher,
                frontEnd.config().maxFrameBytes());
    }

    private void written(PendingRequest slot, WriteRequest write, TreeResult result) {
        if (WriteRequest.isSessionMoved(result)) {
            close("the session has moved to another connection");
        } else {
            ready(slot, body -> write.answer(result, body));
        }
    }

    private static ErrorCode answerSync(Request.Sync sync, JuteWriter body) {
        body.writeText(sync.path());
        return ErrorCode.OK;
    }

    private void refuse(PendingRequest slot, ErrorCode error) {
        if (error == ErrorCode.UNIMPLEMENTED) {
            end(slot, error, "not a request of its own: " + slot.operation);
        } else {
            slot.ready(body -> error);
        }
    }

    private void authenticate(PendingRequest slot, Request.Auth auth) {
        final List<Identity> more = frontEnd.authenticator().identities(auth.scheme(), auth.proof(), peer);
        final List<Identity> all = new ArrayList<>(identities);
        more.stream().filter(identity -> !all.contains(identity)).forEach(all::add);
        if (more.isEmpty() || all.size() > MAX_IDENTITIES) {
            frontEnd.stats().countAuthFailure();
            end(slot, ErrorCode.AUTH_FAILED, "authentication failed: scheme=" + auth.scheme());
        } else {
            identities = List.copyOf(all);
            slot.ready(body -> ErrorCode.OK);
        }
    }

    private void reconfigure(PendingRequest slot, MembershipChange change) {
        final Membership membership = frontEnd.membership();
        if (membership == null) {
            slot.ready(body -> ErrorCode.RECONFIG_DISABLED);
        } else if (!view().permits(MemberReport.CONFIG_PATH, Acl.WRITE)) {
            slot.ready(body -> ErrorCode.NO_AUTH);
        } else {
            membership.change(change, new Membership.Reply() {
                @Override
                public void done() {
                    final LocalRequest config = new ReadRequest.GetData(MemberReport.CONFIG_PATH, false);
                    ready(slot, body -> config.answer(view(), body));
                }

                @Override
                public void refused(Membership.Refusal refusal) {
                    ready(slot, body -> ErrorCode.of(refusal));
                }

                @Override
                public void lost(String reason) {
                    ClientConnection.this.lost(reason);
                }
            });
        }
    }

    private void ready(PendingRequest slot, PendingRequest.Answer answer) {
        slot.ready(answer);
        drain();
    }

    /** The request is answered with an error, behind which the connection is closed; later frames are ignored. */
    private void end(PendingRequest slot, ErrorCode error, String reason) {
        state = State.ENDING;
        slot.readyThenClose(error, reason);
    }

    // Replies and events.

    private void drain() {
        while (state != State.CLOSED && !pending.isEmpty()) {
            final PendingRequest first = pending.peek();
            final PendingRequest.Answer answer = first.answer();
            if (answer == null) {
                return;
            }
            pending.remove();
            reply(first, answer);
            final String closeReason = first.closeReason();
            if (closeReason != null) {
                close(closeReason);
            }
        }
    }

    private void reply(PendingRequest request, PendingRequest.Answer answer) {
        final JuteWriter writer = ReplyFormat.begin(request.xid);
        final ErrorCode error = answer.write(writer);
        final long zxid = replica.tree().lastZxid();
        final ByteBuffer frame = ReplyFormat.end(writer, zxid, error);
        final long latencyMs = Math.max(0, (frontEnd.nanoTime() - request.receivedNs) / 1_000_000);
        stats.countReply(request.operation, request.xid, zxid, latencyMs, frontEnd.wallMs());
        frontEnd.stats().latencies.record(latencyMs);
        frontEnd.stats().countReply(frame.remaining());
        channel.reply(frame);
    }

    /** Who may not read a node is not told of it. */
    void onEvent(WatchEvent event) {
        if (state == State.CLOSED || !Acl.permits(event.acl(), Acl.READ, identities)) {
            return;
        }
        final ByteBuffer frame = ReplyFormat.event(event);
        stats.countSent();
        frontEnd.stats().countReply(frame.remaining());
        channel.push(frame);
    }

    // The end.

    private void lost(String reason) {
        close("the outcome of a request is not known: " + reason);
    }

    /** Closes the connection; the session lives on until its time is up. */
    void close(String reason) {
        if (state != State.CLOSED) {
            release();
            channel.close(reason);
        }
    }

    private void release() {
        state = State.CLOSED;
        pending.clear();
        early.clear();
        replica.watches().removeAll(watcher);
        frontEnd.remove(this);
    }

    private void submit(TreeCommand command, Consumer<TreeResult> whenApplied) {
        replica.submit(command, new Submission() {
            @Override
            public void applied(TreeTransaction transaction) {
                whenApplied.accept(transaction.result());
            }

            @Override
            public void lost(String reason) {
                ClientConnection.this.lost(reason);
            }
        });
    }

    // What operators read.

    SessionOwner owner() {
        return owner;
    }

    ClientPeer peer() {
        return peer;
    }

    ConnectionStats stats() {
        return stats;
    }

    /** The session, 0 while there is none. */
    long sessionId() {
        return sessionId;
    }

    /** The session's timeout in milliseconds, 0 while there is none. */
    int timeoutMs() {
        return timeoutMs;
    }

    /** Requests that have no reply yet. */
    int outstanding() {
        return pending.size();
    }

    /** Wants to know nothing. */
    private enum Unheard implements Submission {
        INSTANCE;

        @Override
        public void applied(TreeTransaction transaction) {}

        @Override
        public void lost(String reason) {}
    }
}
