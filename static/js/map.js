/** Everything a page with a map needs: the layers register themselves when they are imported. */
import './layers.js';
import './ground.js';
import './incidents.js';
