import { Component, onWillUnmount, useEffect, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { PlaceIndex, Walk, findInside, getPlot, placeBubbles } from "./matrix_geometry";
import {
    fitCanvas,
    paintBubbles,
    paintFrame,
    paintLasso,
    paintRing,
    paintSelection,
} from "./matrix_painter";

export const MARGINS = { left: 48, right: 6, top: 6, bottom: 40, padding: 22 };
// A pointer that moves less than this has clicked.
const CLICK = 5;
// A finger is less exact than a mouse.
const TOLERANCE = { mouse: 3, touch: 14, pen: 6 };
const STEPS = {
    ArrowLeft: ["strain", -1],
    ArrowRight: ["strain", 1],
    ArrowDown: ["credit", -1],
    ArrowUp: ["credit", 1],
    PageDown: ["strain", -10],
    PageUp: ["strain", 10],
};

/**
 * The bubbles, on three layers: what is there, what is selected, and what the pointer
 * or the keyboard is at. Moving the pointer draws the last one alone.
 */
export class MatrixChart extends Component {
    static template = "toxic_customer_exit.MatrixChart";
    static props = {
        bubbles: Array,
        selected: Object,
        thresholds: Object,
        classLabels: Object,
        isSelecting: Boolean,
        summary: String,
        tell: Function,
        onOpen: Function,
        onSelect: Function,
    };

    setup() {
        this.hostRef = useRef("host");
        this.layers = ["ground", "selection", "pointer"].map((name) => useRef(name));
        this.state = useState({ width: 0, height: 0, hovered: null, focused: null, said: "" });
        this.lasso = null;
        this.frame = null;
        useEffect(
            () => this.watchSize(),
            () => []
        );
        useEffect(
            () => this.layOut(),
            () => [this.props.bubbles, this.props.thresholds, this.state.width, this.state.height]
        );
        useEffect(
            () => this.paintSelection(),
            () => [this.props.bubbles, this.props.selected, this.state.width, this.state.height]
        );
        useEffect(
            () => this.paintPointer(),
            () => [this.props.bubbles, this.state.hovered, this.state.focused, this.state.width, this.state.height]
        );
        onWillUnmount(() => cancelAnimationFrame(this.frame));
    }

    watchSize() {
        const measure = () => {
            const { clientWidth, clientHeight } = this.hostRef.el;
            Object.assign(this.state, { width: clientWidth, height: clientHeight });
        };
        const observer = new ResizeObserver(measure);
        observer.observe(this.hostRef.el);
        measure();
        return () => observer.disconnect();
    }

    // -- drawing ---------------------------------------------------------------------

    layOut() {
        const { width, height } = this.state;
        if (!width || !height) {
            return;
        }
        const started = performance.now();
        this.colors = this.readColors();
        this.plot = getPlot(width, height, MARGINS);
        this.places = placeBubbles(this.props.bubbles, this.plot);
        this.byId = new Map(this.places.map((place) => [place.bubble.id, place]));
        this.index = new PlaceIndex(this.places);
        this.walk = new Walk(this.props.bubbles);
        this.forgetWhatIsGone();
        const context = fitCanvas(this.layers[0].el, width, height);
        paintFrame(context, this.plot, {
            colors: this.colors,
            thresholds: this.props.thresholds,
            labels: this.labels,
            isNarrow: width < 500,
        });
        paintBubbles(context, this.places, this.colors);
        this.hostRef.el.dataset.drawnIn = (performance.now() - started).toFixed(1);
    }

    get labels() {
        return {
            strain: _t("Strain →"),
            credit: _t("Credit →"),
            classes: this.props.classLabels,
        };
    }

    /** The colours that the page has at the moment: it may be light or dark. */
    readColors() {
        const style = getComputedStyle(this.hostRef.el);
        const read = (name) => style.getPropertyValue(`--matrix-${name}`).trim();
        const names = ["preferred", "demanding", "regular", "draining", "focus", "ground"];
        return {
            text: style.color,
            font: style.fontFamily,
            ...Object.fromEntries(names.map((name) => [name, read(name) || style.color])),
        };
    }

    forgetWhatIsGone() {
        for (const name of ["hovered", "focused"]) {
            if (this.state[name] && !this.byId.has(this.state[name])) {
                this.state[name] = null;
            }
        }
    }

    paintSelection() {
        if (!this.places) {
            return;
        }
        const context = fitCanvas(this.layers[1].el, this.state.width, this.state.height);
        const selected = this.places.filter(({ bubble }) => this.props.selected.has(bubble.id));
        paintSelection(context, selected, this.colors);
    }

    paintPointer() {
        if (!this.places) {
            return;
        }
        const context = fitCanvas(this.layers[2].el, this.state.width, this.state.height);
        const { hovered, focused } = this.state;
        if (this.byId.has(hovered)) {
            paintRing(context, this.byId.get(hovered), this.colors, false);
        }
        if (this.byId.has(focused)) {
            paintRing(context, this.byId.get(focused), this.colors, true);
        }
        if (this.lasso?.points.length > 1) {
            paintLasso(context, this.lasso.points, this.colors);
        }
    }

    /** Paint at the next frame, once, however often the pointer moves before it. */
    paintSoon() {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => this.paintPointer());
    }

    // -- the note beside a bubble ----------------------------------------------------

    get pointed() {
        const id = this.state.hovered || this.state.focused;
        return this.byId?.get(id);
    }

    get noteStyle() {
        const { x, y, radius } = this.pointed;
        const { width } = this.state;
        const isRight = x > width / 2;
        const side = isRight ? `right: ${width - x + radius + 8}px` : `left: ${x + radius + 8}px`;
        const room = (isRight ? x : width - x) - radius - 12;
        const top = Math.max(0, Math.min(y - 24, this.state.height - 110));
        return `top: ${top}px; ${side}; max-width: ${Math.max(120, room)}px`;
    }

    // -- the pointer -----------------------------------------------------------------

    getPoint(event) {
        const { left, top } = this.hostRef.el.getBoundingClientRect();
        return [event.clientX - left, event.clientY - top];
    }

    findAt([x, y], pointerType) {
        return this.index?.find(x, y, TOLERANCE[pointerType] ?? 3)?.bubble.id || null;
    }

    onPointerDown(event) {
        if (event.button) {
            return;
        }
        const isAdding = event.shiftKey || event.ctrlKey || event.metaKey;
        const point = this.getPoint(event);
        this.lasso = { points: [point], isAdding, canDraw: this.canDraw(event) };
        if (this.lasso.canDraw && event.isTrusted) {
            this.hostRef.el.setPointerCapture(event.pointerId);
        }
    }

    /** A finger scrolls the page, unless it was said to select. */
    canDraw({ pointerType }) {
        return pointerType !== "touch" || this.props.isSelecting;
    }

    onPointerMove(event) {
        const point = this.getPoint(event);
        if (this.lasso?.canDraw) {
            this.lasso.points.push(point);
            this.paintSoon();
            return;
        }
        if (event.pointerType !== "touch") {
            this.state.hovered = this.findAt(point, event.pointerType);
        }
    }

    onPointerUp(event) {
        const { lasso } = this;
        this.lasso = null;
        if (!lasso) {
            return;
        }
        const [start, end] = [lasso.points[0], this.getPoint(event)];
        const isClick = lasso.points.every(
            ([x, y]) => Math.hypot(x - start[0], y - start[1]) < CLICK
        );
        if (isClick) {
            this.onClick(end, lasso.isAdding, event.pointerType);
        } else if (lasso.canDraw) {
            const found = findInside(this.places, lasso.points).map(({ bubble }) => bubble.id);
            this.props.onSelect(found, lasso.isAdding ? "add" : "replace");
        }
        this.paintSoon();
    }

    onPointerCancel() {
        this.lasso = null;
        this.paintSoon();
    }

    onPointerLeave() {
        this.state.hovered = null;
    }

    onClick(point, isAdding, pointerType) {
        const id = this.findAt(point, pointerType);
        if (!id) {
            return;
        }
        this.state.focused = id;
        if (isAdding || this.props.isSelecting) {
            this.props.onSelect([id], "toggle");
        } else {
            this.props.onOpen(id);
        }
    }

    // -- the keyboard ----------------------------------------------------------------

    onKeydown(event) {
        if (this.handleKey(event)) {
            event.preventDefault();
            event.stopPropagation();
        }
    }

    /** Whether the key meant something here. */
    handleKey({ key, shiftKey, ctrlKey, metaKey, altKey }) {
        if (!this.walk || altKey) {
            return false;
        }
        if (key === "Escape") {
            return this.stepBack();
        }
        if (!this.props.bubbles.length) {
            return false;
        }
        if (ctrlKey || metaKey) {
            return key.toLowerCase() === "a" && this.selectAll();
        }
        if (key in STEPS) {
            return this.goTo(this.walk.step(this.state.focused, ...STEPS[key]), shiftKey);
        }
        if (key === "Home" || key === "End") {
            return this.goTo(key === "Home" ? this.walk.first() : this.walk.last(), shiftKey);
        }
        if (key === "Enter" && this.state.focused) {
            this.props.onOpen(this.state.focused);
            return true;
        }
        return key === " " && this.toggleFocused();
    }

    goTo(id, isAdding) {
        this.state.hovered = null;
        this.state.focused = id;
        if (isAdding) {
            this.props.onSelect([id], "add");
        }
        this.say(id);
        return true;
    }

    toggleFocused() {
        const id = this.state.focused || this.walk.first();
        this.state.focused = id;
        const isSelected = !this.props.selected.has(id);
        this.props.onSelect([id], "toggle");
        this.say(id, isSelected);
        return true;
    }

    selectAll() {
        this.props.onSelect(
            this.props.bubbles.map(({ id }) => id),
            "replace"
        );
        return true;
    }

    /** Escape ends the lasso, or else the selection, or else gives up the place. */
    stepBack() {
        if (this.lasso) {
            this.onPointerCancel();
        } else if (this.props.selected.size) {
            this.props.onSelect([], "replace");
            this.state.said = _t("Nothing is selected");
        } else if (this.state.focused) {
            this.state.focused = null;
        } else {
            return false;
        }
        return true;
    }

    /** What a screen reader tells of the bubble. */
    say(id, isSelected = this.props.selected.has(id)) {
        const place = _t("%(position)s of %(count)s", {
            position: this.walk.getPosition(id),
            count: this.props.bubbles.length,
        });
        const { bubble } = this.byId.get(id);
        const facts = [bubble.name, ...this.props.tell(bubble), place];
        this.state.said = [...facts, ...(isSelected ? [_t("selected")] : [])].join(", ");
    }
}
