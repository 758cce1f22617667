// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.zookeeper;

import io.varve.coordination.tree.Acl;
import io.varve.coordination.tree.NodeStat;
import io.varve.coordination.tree.WatchEvent;
import io.varve.coordination.tree.WatchKind;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A request about the connection's watches. */
sealed interface WatchRequest extends LocalRequest {

    /** Leaves a watch that stays. */
    record AddWatch(String path, WatchKind kind) implements WatchRequest {
        @Override
        public OpCode opCode() {
            return OpCode.ADD_WATCH;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            view.watches().add(kind, path, view.watcher());
            body.writeInt(ErrorCode.OK.code());
            return ErrorCode.OK;
        }
    }

    /** Asks whether there is such a watch; kind null stands for any. */
    record CheckWatches(String path, @Nullable WatchKind kind) implements WatchRequest {
        @Override
        public OpCode opCode() {
            return OpCode.CHECK_WATCHES;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            return view.watches().contains(kind, path, view.watcher()) ? ErrorCode.OK : ErrorCode.NO_WATCHER;
        }
    }

    /** Removes such a watch; kind null stands for all. */
    record RemoveWatches(String path, @Nullable WatchKind kind) implements WatchRequest {
        @Override
        public OpCode opCode() {
            return OpCode.REMOVE_WATCHES;
        }

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            return view.watches().remove(kind, path, view.watcher()) ? ErrorCode.OK : ErrorCode.NO_WATCHER;
        }
    }

    /**
     * Brings a client's watches to the member it has connected to. What happened since {@code seenZxid} is told at once; what did not
     * happen is watched for. The lists are as ZooKeeper's client keeps them: {@code exist} are nodes that it knows not to exist.
     */
    record SetWatches(
            OpCode opCode,
            long seenZxid,
            List<String> data,
            List<String> exist,
            List<String> children,
            List<String> persistent,
            List<String> persistentRecursive)
            implements WatchRequest {

        /** Events of this request belong to no transaction that the client could name. */
        private static final long NO_ZXID = -1;

        @Override
        public ErrorCode answer(LocalView view, JuteWriter body) {
            for (String path : data) {
                final NodeStat stat = view.tree().stat(path);
                if (stat == null) {
                    tell(view, WatchEvent.Type.NODE_DELETED, path);
                } else if (stat.mzxid() > seenZxid) {
                    tell(view, WatchEvent.Type.NODE_DATA_CHANGED, path);
                } else {
                    view.watches().add(WatchKind.DATA, path, view.watcher());
                }
            }
            for (String path : exist) {
                if (view.tree().stat(path) != null) {
                    tell(view, WatchEvent.Type.NODE_CREATED, path);
                } else {
                    view.watches().add(WatchKind.DATA, path, view.watcher());
                }
            }
            for (String path : children) {
                final NodeStat stat = view.tree().stat(path);
                if (stat == null) {
                    tell(view, WatchEvent.Type.NODE_DELETED, path);
                } else if (stat.pzxid() > seenZxid) {
                    tell(view, WatchEvent.Type.NODE_CHILDREN_CHANGED, path);
                } else {
                    view.watches().add(WatchKind.CHILDREN, path, view.watcher());
                }
            }
            persistent.forEach(path -> view.watches().add(WatchKind.PERSISTENT, path, view.watcher()));
            persistentRecursive.forEach(
                    path -> view.watches().add(WatchKind.PERSISTENT_RECURSIVE, path, view.watcher()));
            return ErrorCode.OK;
        }

        private static void tell(LocalView view, WatchEvent.Type type, String path) {
            final List<Acl> acl = view.tree().acl(path);
            view.watcher().onEvent(new WatchEvent(type, path, NO_ZXID, acl == null ? List.of() : acl));
        }
    }
}
