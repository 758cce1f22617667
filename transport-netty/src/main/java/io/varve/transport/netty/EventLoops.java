// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.transport.netty;

import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.channel.uring.IoUring;
import io.netty.channel.uring.IoUringChannelOption;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.channel.uring.IoUringSocketChannel;
import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.DefaultNameResolver;
import io.netty.util.concurrent.DefaultEventExecutor;
import io.netty.util.concurrent.DefaultThreadFactory;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.RejectedExecutionHandlers;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;

/**
 * The threads on which connections live: one set for all listeners and transports of a process, and a thread that looks names up.
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

    /** Lookups that may wait for another; more fail at once. */
    private static final int MAX_LOOKUPS = 1_000;

    private final Kind kind;
    private final EventLoopGroup group;
    private final EventExecutor lookup;
    private final AddressResolverGroup<InetSocketAddress> resolver;

    private EventLoops(Kind kind, EventLoopGroup group) {
        this.kind = kind;
        this.group = group;
        this.lookup = new DefaultEventExecutor(
                null,
                new DefaultThreadFactory("varve-name-lookup", true),
                MAX_LOOKUPS,
                RejectedExecutionHandlers.reject());
        this.resolver = new LookupResolver(lookup);
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

    /** The kind of channel that connects. */
    Class<? extends Channel> channel() {
        return switch (kind) {
            case EPOLL -> EpollSocketChannel.class;
            case IO_URING -> IoUringSocketChannel.class;
            case NIO -> NioSocketChannel.class;
        };
    }

    /** Looks names up on a thread of its own, since the platform waits for the answer. */
    AddressResolverGroup<InetSocketAddress> resolver() {
        return resolver;
    }

    /** Sets the time for which sent bytes may stay unacknowledged, where the interface to the system can. */
    void limitUnacknowledged(long timeoutMs, BiConsumer<ChannelOption<Integer>, Integer> option) {
        if (timeoutMs <= 0) {
            return;
        }
        int bounded = (int) Math.min(Integer.MAX_VALUE, timeoutMs);
        switch (kind) {
            case EPOLL -> option.accept(EpollChannelOption.TCP_USER_TIMEOUT, bounded);
            case IO_URING -> option.accept(IoUringChannelOption.TCP_USER_TIMEOUT, bounded);
            case NIO -> {}
        }
    }

    Class<? extends ServerChannel> serverChannel() {
        return switch (kind) {
            case EPOLL -> EpollServerSocketChannel.class;
            case IO_URING -> IoUringServerSocketChannel.class;
            case NIO -> NioServerSocketChannel.class;
        };
    }

    /** Ends the threads, after what they have begun; does not wait for a name that is being looked up. */
    @Override
    public void close() {
        resolver.close();
        lookup.shutdownGracefully(0, CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS);
        group.shutdownGracefully(0, CLOSE_TIMEOUT_MS, TimeUnit.MILLISECONDS).awaitUninterruptibly(CLOSE_TIMEOUT_MS);
    }

    /** Asks the platform, on another thread than the one that wants to know. */
    private static final class LookupResolver extends AddressResolverGroup<InetSocketAddress> {

        private final EventExecutor lookup;

        LookupResolver(EventExecutor lookup) {
            this.lookup = lookup;
        }

        @Override
        protected AddressResolver<InetSocketAddress> newResolver(EventExecutor executor) {
            return new DefaultNameResolver(lookup).asAddressResolver();
        }
    }
}
