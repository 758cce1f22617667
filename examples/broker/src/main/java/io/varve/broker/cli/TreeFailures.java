// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.broker.cli;

import java.util.Map;
import org.apache.zookeeper.KeeperException;
import org.apache.zookeeper.KeeperException.Code;

/** Says in one line what an error of the tree means: in zkCli's words where it has some, and what to do about it. */
final class TreeFailures {

    /** By error, what comes before and after the path. */
    private static final Map<Code, String> MESSAGES = Map.ofEntries(
            Map.entry(Code.NONODE, "Node does not exist: %s"),
            Map.entry(Code.NODEEXISTS, "Node already exists: %s"),
            Map.entry(Code.NOTEMPTY, "Node not empty: %1$s; delete what is below too with: varve tree deleteall %1$s"),
            Map.entry(
                    Code.BADVERSION,
                    "Node has another version than the given one: %1$s; see which with: varve tree stat %1$s"),
            Map.entry(Code.NOAUTH, "Insufficient permission: %s; say who you are with --auth SCHEME:CREDENTIALS"),
            Map.entry(Code.INVALIDACL, "Acl is not valid: %s; the server does not know a scheme or an id of it"),
            Map.entry(Code.NOCHILDRENFOREPHEMERALS, "Ephemerals cannot have children: %s"),
            Map.entry(Code.BADARGUMENTS, "Arguments are not valid: %s"),
            Map.entry(Code.QUOTAEXCEEDED, "Quota has exceeded: %1$s; see it with: varve tree listquota PATH"),
            Map.entry(Code.AUTHFAILED, "the server does not accept who --auth says you are"),
            Map.entry(Code.UNIMPLEMENTED, "the server does not do this: %s"),
            Map.entry(Code.SESSIONEXPIRED, "the session ran out while the servers could not be reached"),
            Map.entry(
                    Code.CONNECTIONLOSS,
                    "the connection was lost before the answer came; a change may or may not have been made"),
            Map.entry(Code.REQUESTTIMEOUT, "no answer within -timeout; a change may or may not have been made"));

    private TreeFailures() {}

    /** The failure whose code is ZooKeeper's name of the error. */
    static CommandFailure of(KeeperException e) {
        final String message = MESSAGES.get(e.code());
        return new CommandFailure(
                e.code().name(),
                message == null ? String.valueOf(e.getMessage()) : String.format(message, e.getPath()),
                e);
    }
}
