// Copyright the Varve authors. SPDX-License-Identifier: Apache-2.0
package io.varve.coordination.tree;

import static io.varve.coordination.tree.TreeFixture.bytes;
import static io.varve.coordination.tree.TreeFixture.create;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class TreeAclTest {

    private static final Identity ADDRESS = new Identity("ip", "10.1.2.3");
    private static final Identity ADA = new Identity("digest", "ada:hash");
    private static final List<Identity> ANYBODY = List.of(ADDRESS);
    private static final List<Identity> AS_ADA = List.of(ADDRESS, ADA);

    private final TreeFixture tree = new TreeFixture();

    private static List<Acl> only(int permissions) {
        return List.of(new Acl(permissions, "world", "anyone"));
    }

    private static TreeOp.Create with(String path, List<Acl> acl) {
        return new TreeOp.Create(path, bytes(""), acl, CreateMode.PERSISTENT, 0);
    }

    @Test
    void shouldAskForThePermissionOfEachOperation() {
        int[] permissions = {Acl.READ, Acl.WRITE, Acl.CREATE, Acl.DELETE, Acl.ADMIN};
        for (int permission : permissions) {
            String path = "/only" + permission;
            tree.run(with(path, only(permission)));
            allowedIf(permission == Acl.CREATE, create(path + "/c"));
            allowedIf(permission == Acl.WRITE, new TreeOp.Set(path, bytes(""), -1));
            allowedIf(permission == Acl.READ, new TreeOp.Check(path, -1));
            allowedIf(permission == Acl.ADMIN, new TreeOp.SetAcl(path, only(permission), -1));
            assertThat(tree.machine.permits(path, permission, List.of())).isTrue();
        }
        tree.run(with("/parent", only(Acl.CREATE)));
        tree.run(with("/parent/child", Acl.OPEN));
        tree.refused(TreeError.NO_AUTH, new TreeOp.Delete("/parent/child", -1));
        tree.run(with("/parent2", only(Acl.CREATE | Acl.DELETE)));
        tree.run(with("/parent2/child", only(0)));
        assertThat(tree.run(new TreeOp.Delete("/parent2/child", -1))).isEqualTo(new TreeResult.Deleted());
        // Who may not delete children is not told whether there are any.
        tree.refused(TreeError.NO_AUTH, new TreeOp.Delete("/parent/none", -1));
    }

    private void allowedIf(boolean allowed, TreeOp operation) {
        if (allowed) {
            assertThat(tree.run(operation)).isNotInstanceOf(TreeResult.Failed.class);
        } else {
            tree.refused(TreeError.NO_AUTH, operation);
        }
    }

    @Test
    void shouldGiveACreatorsListTheCreatorsIdentities() {
        tree.run(AS_ADA, with("/a", Acl.CREATOR));

        assertThat(tree.machine.acl("/a")).containsExactly(new Acl(Acl.ALL, "digest", "ada:hash"));
        tree.refused(TreeError.NO_AUTH, ANYBODY, new TreeOp.Set("/a", bytes(""), -1));
        tree.refused(
                TreeError.NO_AUTH, List.of(new Identity("digest", "ada:other")), new TreeOp.Set("/a", bytes(""), -1));
        assertThat(tree.run(AS_ADA, new TreeOp.Set("/a", bytes(""), -1))).isInstanceOf(TreeResult.DataSet.class);
        assertThat(tree.run(List.of(Identity.SUPER), new TreeOp.Set("/a", bytes(""), -1)))
                .isInstanceOf(TreeResult.DataSet.class);
        tree.refused(TreeError.INVALID_ACL, ANYBODY, with("/b", Acl.CREATOR));
        tree.refused(TreeError.INVALID_ACL, List.of(Identity.SUPER), with("/b", Acl.CREATOR));
    }

    @Test
    void shouldHideTheHashesOfPasswords() {
        List<Acl> list = List.of(new Acl(Acl.ALL, "digest", "ada:hash"), new Acl(Acl.READ, "ip", "::1"));

        assertThat(Acl.withoutHashes(list))
                .containsExactly(new Acl(Acl.ALL, "digest", "ada:x"), new Acl(Acl.READ, "ip", "::1"));
    }

    @Test
    void shouldRefuseListsThatAreNotAllowed() {
        for (Acl bad : List.of(
                new Acl(Acl.ALL, "world", "somebody"),
                new Acl(Acl.ALL, "digest", "ada"),
                new Acl(Acl.ALL, "digest", "ada:"),
                new Acl(Acl.ALL, "digest", "a:b:c"),
                new Acl(Acl.ALL, "ip", "1.2.3.4.5"),
                new Acl(Acl.ALL, "ip", "1.2.3.4/33"),
                new Acl(Acl.ALL, "ip", "1.2.3.4/-1"),
                new Acl(Acl.ALL, "ip", "1.2.3.4/"),
                new Acl(Acl.ALL, "ip", "host"),
                new Acl(Acl.ALL, "ip", ":::"),
                new Acl(Acl.ALL, "ip", "1::2::3"),
                new Acl(Acl.ALL, "ip", "1:2:3:4:5:6:7::8"),
                new Acl(Acl.ALL, "ip", "12345::"),
                new Acl(Acl.ALL, "x509", "no name"),
                new Acl(Acl.ALL, "super", ""),
                new Acl(Acl.ALL, "sasl", "kafka"))) {
            tree.refused(TreeError.INVALID_ACL, with("/a", List.of(Acl.OPEN.get(0), bad)));
        }
        tree.refused(TreeError.INVALID_ACL, with("/a", List.of()));
        Acl once = new Acl(Acl.READ, "x509", "CN=ada");
        tree.run(with("/a", List.of(once, once)));
        assertThat(tree.machine.acl("/a")).containsExactly(once);
    }

    @Test
    void shouldMatchAddressesAgainstRanges() {
        assertThat(IpRange.contains("10.0.0.0/8", "10.255.0.1")).isTrue();
        assertThat(IpRange.contains("10.0.0.0/8", "11.0.0.1")).isFalse();
        assertThat(IpRange.contains("10.1.2.3", "10.1.2.3")).isTrue();
        assertThat(IpRange.contains("10.1.2.2/31", "10.1.2.3")).isTrue();
        assertThat(IpRange.contains("10.1.2.2/32", "10.1.2.3")).isFalse();
        assertThat(IpRange.contains("0.0.0.0/0", "1.2.3.4")).isTrue();
        assertThat(IpRange.contains("::/0", "1.2.3.4")).isFalse();
        assertThat(IpRange.contains("fe80::/10", "fe80::1")).isTrue();
        assertThat(IpRange.contains("::1", "0:0:0:0:0:0:0:1")).isTrue();
        assertThat(IpRange.contains("::1", "nonsense")).isFalse();
        tree.run(with("/lan", List.of(new Acl(Acl.WRITE, "ip", "10.1.0.0/16"))));
        assertThat(tree.run(ANYBODY, new TreeOp.Set("/lan", bytes(""), -1))).isInstanceOf(TreeResult.DataSet.class);
        tree.refused(TreeError.NO_AUTH, List.of(new Identity("ip", "10.2.0.1")), new TreeOp.Set("/lan", bytes(""), -1));
    }

    @Test
    void shouldKeepEachListOnce() {
        AclTable table = new AclTable();
        AclTable.Entry first = table.entry(List.copyOf(Acl.OPEN));
        table.retain(first);
        assertThat(table.entry(List.of(new Acl(Acl.ALL, "world", "anyone")))).isSameAs(first);
        table.release(first);
        assertThat(table.size()).isZero();
    }
}
