// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Models} from "../src/Models.sol";
import {Test} from "./Test.sol";

contract ModelsTest is Test {
    bytes32 private constant BASE = keccak256("base");
    bytes32 private constant TUNED = keccak256("tuned");
    address private constant STRANGER = address(0x57);

    Models private models;
    bytes32[] private none;

    function setUp() public {
        models = new Models();
        vm.roll(42);
    }

    function test_register_RecordsWhoAndWhenOnce() public {
        vm.expectEmit();
        emit Models.ModelRegistered(BASE, address(this), "ipfs://base", none);
        models.register(BASE, "ipfs://base", none);
        (address registrant, uint256 registeredAt, bool deprecated) = models.recordOf(BASE);
        assertEq(registrant, address(this), "registrant");
        assertEq(registeredAt, 42, "registeredAt");
        assertTrue(!deprecated, "deprecated");
        vm.expectRevert(abi.encodeWithSelector(Models.ModelsAlreadyRegistered.selector, BASE, address(this)));
        vm.prank(STRANGER);
        models.register(BASE, "ipfs://copy", none);
    }

    function test_register_RevertIf_DigestIsZero() public {
        vm.expectRevert(Models.ModelsZeroDigest.selector);
        models.register(0, "", none);
    }

    function test_register_RevertIf_AParentIsUnknown() public {
        bytes32[] memory parents = new bytes32[](1);
        parents[0] = BASE;
        vm.expectRevert(abi.encodeWithSelector(Models.ModelsUnknownParent.selector, BASE));
        models.register(TUNED, "", parents);
        // A model cannot be its own ancestor either.
        parents[0] = TUNED;
        vm.expectRevert(abi.encodeWithSelector(Models.ModelsUnknownParent.selector, TUNED));
        models.register(TUNED, "", parents);
        models.register(BASE, "", none);
        parents[0] = BASE;
        models.register(TUNED, "", parents);
        assertTrue(models.isRegistered(TUNED), "registered");
    }

    function test_deprecate_IsTheRegistrantsAndFinal() public {
        models.register(BASE, "", none);
        vm.expectRevert(abi.encodeWithSelector(Models.ModelsUnauthorizedRegistrant.selector, BASE, STRANGER));
        vm.prank(STRANGER);
        models.deprecate(BASE, "");
        vm.expectEmit();
        emit Models.ModelDeprecated(BASE, "broken tokenizer");
        models.deprecate(BASE, "broken tokenizer");
        (,, bool deprecated) = models.recordOf(BASE);
        assertTrue(deprecated && models.isRegistered(BASE), "deprecated and registered");
        vm.expectRevert(abi.encodeWithSelector(Models.ModelsAlreadyDeprecated.selector, BASE));
        models.deprecate(BASE, "");
    }

    function test_deprecate_RevertIf_Unknown() public {
        vm.expectRevert(
            abi.encodeWithSelector(Models.ModelsUnauthorizedRegistrant.selector, BASE, address(this))
        );
        models.deprecate(BASE, "");
    }

    function testFuzz_areRegistered_AnswersInOrder(bytes32 known, bytes32 unknown) public {
        vm.assume(known != 0 && known != unknown);
        models.register(known, "", none);
        bytes32[] memory digests = new bytes32[](3);
        (digests[0], digests[1], digests[2]) = (unknown, known, unknown);
        bool[] memory registered = models.areRegistered(digests);
        assertEq(registered.length, 3, "length");
        assertTrue(!registered[0] && registered[1] && !registered[2], "order");
    }
}

/// Registers and deprecates at random; remembers each record as it was first written.
contract ModelsHandler is Test {
    Models public immutable models = new Models();
    address[3] private _accounts = [address(0x2000), address(0x2001), address(0x2002)];
    bytes32[] public digests;
    mapping(bytes32 digest => address) public registrant;
    mapping(bytes32 digest => uint256) public registeredAt;
    mapping(bytes32 digest => bool) public deprecated;

    function register(uint256 which, uint256 who, uint256 parent) external {
        vm.roll(block.number + 1);
        bytes32 digest = keccak256(abi.encode(which % 64));
        address account = accountAt(who);
        bytes32[] memory parents = new bytes32[](digests.length == 0 ? 0 : 1);
        if (parents.length == 1) parents[0] = digests[parent % digests.length];
        vm.prank(account);
        try models.register(digest, "", parents) {
            assertEq(registrant[digest], address(0), "a record was rewritten");
            digests.push(digest);
            registrant[digest] = account;
            registeredAt[digest] = block.number;
        } catch {
            assertTrue(registrant[digest] != address(0), "a new digest was refused");
        }
    }

    function deprecate(uint256 which, uint256 who) external {
        bytes32 digest = keccak256(abi.encode(which % 64));
        address account = accountAt(who);
        vm.prank(account);
        try models.deprecate(digest, "") {
            assertEq(registrant[digest], account, "deprecated by a stranger");
            assertTrue(!deprecated[digest], "deprecated twice");
            deprecated[digest] = true;
        } catch {
            assertTrue(registrant[digest] != account || deprecated[digest], "its registrant was refused");
        }
    }

    function count() external view returns (uint256) {
        return digests.length;
    }

    function accountAt(uint256 who) private view returns (address) {
        return _accounts[who % 3];
    }
}

contract ModelsInvariantTest is Test {
    ModelsHandler private handler;

    function setUp() public {
        handler = new ModelsHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_aRecordNeverChanges() public view {
        for (uint256 i = 0; i < handler.count(); ++i) {
            bytes32 digest = handler.digests(i);
            (address registrant, uint256 registeredAt, bool deprecated) = handler.models().recordOf(digest);
            assertEq(registrant, handler.registrant(digest), "registrant");
            assertEq(registeredAt, handler.registeredAt(digest), "registeredAt");
            assertTrue(deprecated == handler.deprecated(digest), "deprecated");
        }
    }
}
