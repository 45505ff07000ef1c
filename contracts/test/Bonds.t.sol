// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Bonds} from "../src/Bonds.sol";
import {BondsRig} from "./BondsRig.sol";

contract BondsTest is BondsRig {
    uint256 private constant NODE_KEY = 0xA11CE;
    address private constant OPERATOR = address(0x0b);
    address private constant STRANGER = address(0x57);
    address private constant JUDGE = address(0x1d);
    uint256 private constant DEADLINE = 1 days;

    address private node;

    function setUp() public {
        deployBonds();
        node = vm.addr(NODE_KEY);
        fund(OPERATOR, 1_000 ether);
        vm.roll(10);
    }

    // ---------------------------------------------------------------- register

    function test_register_ByTheNodeItself() public {
        fund(node, 5 ether);
        vm.prank(node);
        bonds.register(node, 5 ether, "", 0, "");
        assertEq(operatorOf(node), node, "operator");
        assertEq(stakeOf(node), 5 ether, "stake");
        assertEq(hold.balanceOf(address(bonds)), 5 ether, "balance");
    }

    function test_register_ByAnOperatorWithTheNodesConsent() public {
        bytes memory consent = consentOf(NODE_KEY, OPERATOR, DEADLINE);
        vm.expectEmit();
        emit Bonds.NodeRegistered(node, OPERATOR);
        vm.expectEmit();
        emit Bonds.NodeDescribed(node, "{\"region\":\"eu\"}");
        vm.expectEmit();
        emit Bonds.StakeAdded(node, 7 ether, 7 ether);
        vm.prank(OPERATOR);
        bonds.register(node, 7 ether, "{\"region\":\"eu\"}", DEADLINE, consent);
        assertEq(operatorOf(node), OPERATOR, "operator");
        assertEq(stakeOf(node), 7 ether, "stake");
    }

    function test_register_RevertIf_ConsentNamesAnother() public {
        bytes memory consent = consentOf(NODE_KEY, OPERATOR, DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsInvalidConsent.selector, node, STRANGER));
        vm.prank(STRANGER);
        bonds.register(node, 0, "", DEADLINE, consent);
    }

    function test_register_RevertIf_ConsentIsNoSignature() public {
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsInvalidConsent.selector, node, OPERATOR));
        vm.prank(OPERATOR);
        bonds.register(node, 0, "", DEADLINE, "");
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsInvalidConsent.selector, address(0), OPERATOR));
        vm.prank(OPERATOR);
        bonds.register(address(0), 0, "", DEADLINE, new bytes(65));
    }

    function test_register_RevertIf_ConsentExpired() public {
        bytes memory consent = consentOf(NODE_KEY, OPERATOR, DEADLINE);
        vm.warp(DEADLINE + 1);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsExpiredConsent.selector, DEADLINE));
        vm.prank(OPERATOR);
        bonds.register(node, 0, "", DEADLINE, consent);
    }

    function test_register_RevertIf_ConsentWasUsed() public {
        bytes memory consent = registered(0);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsInvalidConsent.selector, node, OPERATOR));
        vm.prank(OPERATOR);
        bonds.register(node, 0, "", DEADLINE, consent);
    }

    function test_register_RevertIf_Bonded() public {
        registered(1 ether);
        bytes memory consent = consentOf(NODE_KEY, STRANGER, DEADLINE);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsAlreadyRegistered.selector, node, OPERATOR));
        vm.prank(STRANGER);
        bonds.register(node, 0, "", DEADLINE, consent);
        // Thawing stake binds as well: it is not yet out of reach of a slash.
        vm.prank(OPERATOR);
        bonds.thaw(node, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsAlreadyRegistered.selector, node, OPERATOR));
        vm.prank(STRANGER);
        bonds.register(node, 0, "", DEADLINE, consent);
    }

    function test_register_MovesAnEmptyBondToANewOperator() public {
        registered(0);
        bytes memory consent = consentOf(NODE_KEY, STRANGER, DEADLINE);
        vm.prank(STRANGER);
        bonds.register(node, 0, "", DEADLINE, consent);
        assertEq(operatorOf(node), STRANGER, "operator");
    }

    // ---------------------------------------------------------------- stake, thaw, withdraw

    function test_onlyTheOperator_MovesStake() public {
        registered(2 ether);
        bytes memory refusal = abi.encodeWithSelector(Bonds.BondsUnauthorizedOperator.selector, node, node);
        vm.expectRevert(refusal);
        vm.prank(node);
        bonds.stake(node, 1);
        vm.expectRevert(refusal);
        vm.prank(node);
        bonds.thaw(node, 1);
        vm.expectRevert(refusal);
        vm.prank(node);
        bonds.withdraw(node);
        vm.expectRevert(refusal);
        vm.prank(node);
        bonds.describe(node, "");
    }

    function test_thaw_LowersWeightAtOnceAndPaysLater() public {
        registered(10 ether);
        vm.prank(OPERATOR);
        bonds.thaw(node, 4 ether);
        assertEq(stakeOf(node), 6 ether, "stake");
        assertEq(thawingOf(node), 4 ether, "thawing");
        uint256 thawedAt = block.timestamp + THAW_SECONDS;
        vm.warp(thawedAt - 1);
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsStillThawing.selector, node, thawedAt));
        vm.prank(OPERATOR);
        bonds.withdraw(node);
        vm.warp(thawedAt);
        vm.prank(OPERATOR);
        bonds.withdraw(node);
        assertEq(hold.balanceOf(OPERATOR), 994 ether, "paid");
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsNothingThawing.selector, node));
        vm.prank(OPERATOR);
        bonds.withdraw(node);
    }

    function test_thaw_OfMoreStartsTheClockAnew() public {
        registered(10 ether);
        vm.prank(OPERATOR);
        bonds.thaw(node, 1 ether);
        vm.warp(block.timestamp + THAW_SECONDS - 1);
        vm.prank(OPERATOR);
        bonds.thaw(node, 1 ether);
        (,, uint256 thawing, uint256 thawedAt) = bonds.bondOf(node);
        assertEq(thawing, 2 ether, "thawing");
        assertEq(thawedAt, block.timestamp + THAW_SECONDS, "thawedAt");
    }

    function test_thaw_RevertIf_MoreThanStaked() public {
        registered(1 ether);
        vm.expectRevert(
            abi.encodeWithSelector(Bonds.BondsInsufficientStake.selector, node, 1 ether, 1 ether + 1)
        );
        vm.prank(OPERATOR);
        bonds.thaw(node, 1 ether + 1);
    }

    function test_stakeAndThaw_RevertIf_Zero() public {
        registered(1 ether);
        vm.expectRevert(Bonds.BondsZeroAmount.selector);
        vm.prank(OPERATOR);
        bonds.thaw(node, 0);
        vm.expectRevert(Bonds.BondsZeroAmount.selector);
        vm.prank(OPERATOR);
        bonds.stake(node, 0);
    }

    // ---------------------------------------------------------------- slash

    function test_slash_RevertFor_EveryoneTheAuthorityDoesNotName() public {
        registered(1 ether);
        address[4] memory callers = [node, OPERATOR, STRANGER, address(this)];
        for (uint256 i = 0; i < callers.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, callers[i])
            );
            vm.prank(callers[i]);
            bonds.slash(node, 1, STRANGER);
        }
    }

    function test_slash_TakesStakeFirstThenWhatThaws() public {
        registered(10 ether);
        manager.grantRole(SLASHER, JUDGE, 0);
        vm.prank(OPERATOR);
        bonds.thaw(node, 4 ether);
        vm.expectEmit();
        emit Bonds.NodeSlashed(node, STRANGER, 7 ether, 0);
        vm.prank(JUDGE);
        assertEq(bonds.slash(node, 7 ether, STRANGER), 7 ether, "taken");
        assertEq(stakeOf(node), 0, "stake");
        assertEq(thawingOf(node), 3 ether, "thawing");
        vm.prank(JUDGE);
        assertEq(bonds.slash(node, 100 ether, STRANGER), 3 ether, "the rest");
        vm.prank(JUDGE);
        assertEq(bonds.slash(node, 100 ether, STRANGER), 0, "nothing left");
        assertEq(hold.balanceOf(STRANGER), 10 ether, "recipient");
        assertEq(hold.balanceOf(address(bonds)), 0, "balance");
    }

    // ---------------------------------------------------------------- weights

    function test_weightAt_IsTheWeightAtTheEndOfThatBlock() public {
        registered(3 ether);
        vm.roll(20);
        vm.prank(OPERATOR);
        bonds.stake(node, 2 ether);
        vm.prank(OPERATOR);
        bonds.thaw(node, 1 ether);
        vm.roll(30);
        assertEq(bonds.weightAt(node, 9), 0, "before");
        assertEq(bonds.weightAt(node, 19), 3 ether, "registered");
        assertEq(bonds.weightAt(node, 20), 4 ether, "changed twice in one block");
        assertEq(bonds.totalWeightAt(20), 4 ether, "total then");
        assertEq(bonds.totalWeight(), 4 ether, "total now");
        vm.expectRevert(abi.encodeWithSelector(Bonds.BondsFutureLookup.selector, 30, 30));
        bonds.weightAt(node, 30);
    }

    function test_stakesOf_AnswersInOrder() public {
        registered(3 ether);
        address[] memory nodes = new address[](3);
        (nodes[0], nodes[1], nodes[2]) = (STRANGER, node, STRANGER);
        uint256[] memory stakes = bonds.stakesOf(nodes);
        assertEq(stakes.length, 3, "length");
        assertEq(stakes[0] + stakes[2], 0, "unknown");
        assertEq(stakes[1], 3 ether, "known");
    }

    function testFuzz_everythingStaked_ComesBackOrIsSlashed(uint96 staked, uint96 thawed, uint96 slashed)
        public
    {
        uint256 amount = bound(staked, 1, 1_000 ether);
        registered(amount);
        manager.grantRole(SLASHER, JUDGE, 0);
        vm.prank(OPERATOR);
        bonds.thaw(node, bound(thawed, 1, amount));
        vm.prank(JUDGE);
        uint256 taken = bonds.slash(node, slashed, STRANGER);
        assertEq(taken, slashed < amount ? slashed : amount, "taken");
        if (stakeOf(node) != 0) {
            uint256 rest = stakeOf(node);
            vm.prank(OPERATOR);
            bonds.thaw(node, rest);
        }
        vm.warp(block.timestamp + THAW_SECONDS);
        if (thawingOf(node) != 0) {
            vm.prank(OPERATOR);
            bonds.withdraw(node);
        }
        assertEq(hold.balanceOf(OPERATOR), 1_000 ether - taken, "operator");
        assertEq(hold.balanceOf(STRANGER), taken, "recipient");
        assertEq(hold.balanceOf(address(bonds)), 0, "balance");
    }

    function registered(uint256 amount) private returns (bytes memory consent) {
        consent = consentOf(NODE_KEY, OPERATOR, DEADLINE);
        vm.prank(OPERATOR);
        bonds.register(node, amount, "", DEADLINE, consent);
    }
}
