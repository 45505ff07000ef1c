// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BondsRig} from "./BondsRig.sol";

/// Does anything an operator, a judge or time can do, with amounts that can succeed, and keeps its own books.
contract BondsHandler is BondsRig {
    uint256 public constant NODES = 4;
    uint256 public constant OPERATORS = 3;
    address[OPERATORS] private _operators = [address(0x1000), address(0x1001), address(0x1002)];

    mapping(address operator => uint256) public put;
    mapping(address operator => uint256) public got;
    uint256 public slashed;

    constructor() {
        deployBonds();
        manager.grantRole(SLASHER, address(this), 0);
        for (uint256 i = 0; i < OPERATORS; ++i) {
            fund(operatorAt(i), 100_000 ether);
        }
    }

    function register(uint256 which, uint256 who, uint256 amount) external {
        (uint256 key, address node) = nodeAt(which);
        address operator = operatorAt(who);
        if (stakeOf(node) != 0 || thawingOf(node) != 0) return;
        amount = bound(amount, 0, hold.balanceOf(operator));
        bytes memory consent = consentOf(key, operator, block.timestamp);
        vm.prank(operator);
        bonds.register(node, amount, "", block.timestamp, consent);
        put[operator] += amount;
    }

    function stake(uint256 which, uint256 amount) external {
        (, address node) = nodeAt(which);
        address operator = operatorOf(node);
        if (operator == address(0) || hold.balanceOf(operator) == 0) return;
        amount = bound(amount, 1, hold.balanceOf(operator));
        vm.prank(operator);
        bonds.stake(node, amount);
        put[operator] += amount;
    }

    function thaw(uint256 which, uint256 amount) external {
        (, address node) = nodeAt(which);
        if (stakeOf(node) == 0) return;
        amount = bound(amount, 1, stakeOf(node));
        vm.prank(operatorOf(node));
        bonds.thaw(node, amount);
    }

    function withdraw(uint256 which) external {
        (, address node) = nodeAt(which);
        (address operator,, uint256 thawing, uint256 thawedAt) = bonds.bondOf(node);
        if (thawing == 0 || block.timestamp < thawedAt) return;
        vm.prank(operator);
        bonds.withdraw(node);
        got[operator] += thawing;
    }

    function slash(uint256 which, uint256 amount) external {
        (, address node) = nodeAt(which);
        slashed += bonds.slash(node, bound(amount, 0, 10_000 ether), address(this));
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, THAW_SECONDS));
        vm.roll(block.number + 1);
    }

    // ---------------------------------------------------------------- what the invariants read

    function operatorAt(uint256 i) public view returns (address) {
        return _operators[i % OPERATORS];
    }

    function balance() external view returns (uint256) {
        return hold.balanceOf(address(bonds));
    }

    function totalWeight() external view returns (uint256) {
        return bonds.totalWeight();
    }

    function sums() external returns (uint256 stakes, uint256 thawing) {
        for (uint256 i = 0; i < NODES; ++i) {
            (, address node) = nodeAt(i);
            stakes += stakeOf(node);
            thawing += thawingOf(node);
        }
    }

    function nodeAt(uint256 which) private returns (uint256 key, address node) {
        key = 1 + which % NODES;
        node = vm.addr(key);
    }
}

contract BondsInvariantTest is BondsRig {
    BondsHandler private handler;

    function setUp() public {
        handler = new BondsHandler();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    function invariant_theContractHoldsWhatItOwes() public {
        (uint256 stakes, uint256 thawing) = handler.sums();
        assertEq(handler.balance(), stakes + thawing, "balance");
        assertEq(handler.totalWeight(), stakes, "total weight");
    }

    function invariant_nobodyWithdrawsMoreThanTheyPut() public {
        uint256 put;
        uint256 got;
        for (uint256 i = 0; i < handler.OPERATORS(); ++i) {
            address operator = handler.operatorAt(i);
            assertTrue(handler.got(operator) <= handler.put(operator), "got more than put");
            put += handler.put(operator);
            got += handler.got(operator);
        }
        (uint256 stakes, uint256 thawing) = handler.sums();
        assertEq(put, got + handler.slashed() + stakes + thawing, "conservation");
    }
}
