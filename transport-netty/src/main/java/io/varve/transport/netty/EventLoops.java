// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * The threads on which connections live: one set for all listeners of a process.
 *
 * <p>The system's own readiness interface is used where its library is on the class path and may be loaded without a complaint of the
 * platform; otherwise the platform's.
 *
 * <p>Threading: safe.
 */
public final class EventLoops implements AutoCloseable {

    /** The interface to the system. */
    public enum Kind {
        EPOLL,
        IO_URING,
        NIO
    }

    /** First release of the platform that complains about native code that was not enabled. */
    private static final int NATIVE_ACCESS_CHECKED_SINCE = 24;

    private static final long CLOSE_TIMEOUT_MS = 5_000;

    private final Kind kind;
    private final EventLoopGroup group;

    private EventLoops(Kind kind, EventLoopGroup group) {
        this.kind = kind;
        this.group = group;
    }

    /** Starts {@code threads} threads with the best interface there is. */
    public static EventLoops open(int threads) {
        return open(best(), threads);
    }

    /** Starts {@code threads} threads with a given interface. */
    public static EventLoops open(Kind kind, int threads) {
        IoHandlerFactory factory =
                switch (kind) {
                    case EPOLL -> EpollIoHandler.newFactory();
                    case IO_URING -> IoUringIoHandler.newFactory();
                    case NIO -> NioIoHandler.newFactory();
                };
        DefaultThreadFactory threadFactory = new DefaultThreadFactory("varve-event-loop", true);
        return new EventLoops(kind, new MultiThreadIoEventLoopGroup(threads, threadFactory, factory));
    }

    private static Kind best() {
        return available().get(0);
    }

    /** The interfaces that can be used here, the best first. */
    static List<Kind> available() {
        List<Kind> kinds = new ArrayList<>();
        if (mayLoadNativeCode()) {
            if (Epoll.isAvailable()) {
                kinds.add(Kind.EPOLL);
            }
            if (IoUring.isAvailable()) {
                kinds.add(Kind.IO_URING);
            }
        }
        kinds.add(Kind.NIO);
        return kinds;
    }

    private static boolean mayLoadNativeCode() {
        if (Runtime.version().feature() < NATIVE_ACCESS_CHECKED_SINCE) {
            return true;
        }
        try {
            Object enabled = Module.class.getMethod("isNativeAccessEnabled").invoke(EventLoopGroup.class.getModule());
            return Boolean.TRUE.equals(enabled);
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    /** The interface in use. */
    public Kind kind() {
        return kind;
    }

    EventLoopGroup group() {
        return group;
    }

    Class<? extends ServerChannel> serverChannel() {
        return switch (kind) {
            case EPOLL -> EpollServerSocketChannel.class;
            case IO_URING -> IoUringServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
        };
    }

    /** Ends the threads, after what they have begun. */
    @Override
    public void close() {
        group.shutdownGracefully(0, CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(CLOSE_TIMEOUT_MS);
    }
}
